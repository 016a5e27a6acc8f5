// For LD_PRELOAD: makes one system call, or one allocation, of a program fail, or the date wrong.
//
//   FAULT_CALL   the kind of call, as in kKinds
//   FAULT_AT     which of them fails first, counted from 1 and from main() on
//   FAULT_MANY   how many fail in a row; 1 if not given
//   FAULT_ERRNO  what they fail with, a number
//   FAULT_COUNTS a file that gets the count of each kind's calls: numbers of 8 bytes in the order of kKinds
//   FAULT_DATE   a file that holds by how many seconds the date is wrong, 8 bytes; it may change at any time
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

struct itimerspec;

namespace {

enum Kind : std::size_t {
  kMalloc,
  kSendmsg,
  kRecvmsg,
  kSocket,
  kBind,
  kSetsockopt,
  kGetrandom,
  kTimerfd,
  kEventfd,
  kEpollCreate,
  kEpollCtl,
  kEpollWait,
  kPoll,
  kRead,
  kWrite,
  kOpen,
  kFsync,
  kRename,
  kFlock,
  kDup,
  kKinds
};
constexpr std::array<const char*, kKinds> kNames = {"malloc",     "sendmsg",    "recvmsg", "socket",  "bind",
                                                    "setsockopt", "getrandom",  "timerfd", "eventfd", "epoll_create",
                                                    "epoll_ctl",  "epoll_wait", "poll",    "read",    "write",
                                                    "open",       "fsync",      "rename",  "flock",   "dup"};

// In memory that is shared with a file, if one is given.
using Counts = std::array<std::atomic<std::uint64_t>, kKinds>;
Counts g_own_counts;
Counts* g_counts = nullptr;  // null before main(): nothing fails there
std::size_t g_kind = kKinds;
std::uint64_t g_first = 0;
std::uint64_t g_last = 0;
int g_errno = 0;
std::atomic<std::int64_t>* g_date_off = nullptr;

std::uint64_t number(const char* variable, std::uint64_t without) {
  const char* const text = ::getenv(variable);
  return text == nullptr ? without : std::strtoull(text, nullptr, 10);
}

// What the file holds whose path is in that variable; null without it.
template <typename T>
T* open_shared(const char* variable) {
  const char* const path = ::getenv(variable);
  if (path == nullptr) return nullptr;
  const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(T)) != 0) ::abort();
  void* const memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) ::abort();
  ::close(fd);
  return static_cast<T*>(memory);
}

void begin() {
  const char* const kind = ::getenv("FAULT_CALL");
  for (std::size_t i = 0; kind != nullptr && i < kKinds; ++i)
    if (std::strcmp(kind, kNames[i]) == 0) g_kind = i;
  g_first = number("FAULT_AT", 1);
  g_last = g_first + number("FAULT_MANY", 1) - 1;
  g_errno = static_cast<int>(number("FAULT_ERRNO", EIO));
  g_date_off = open_shared<std::atomic<std::int64_t>>("FAULT_DATE");
  Counts* const counts = open_shared<Counts>("FAULT_COUNTS");
  g_counts = counts == nullptr ? &g_own_counts : counts;
}

// Counts the call. True: it is to fail, and errno says why.
bool fails(Kind kind) {
  if (g_counts == nullptr) return false;
  const std::uint64_t call = ++(*g_counts)[kind];
  if (kind != g_kind || call < g_first || call > g_last) return false;
  errno = g_errno;
  return true;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Main = int(int, char**, char**);
Main* g_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  begin();
  return g_main(argc, argv, environment);
}

}  // namespace

extern "C" {

// The C library's names of its own allocator, below those that everybody calls.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

// What takes the place of `name`, under another name here: the system's headers declare that one in their own way.
#define IN_PLACE_OF(name, result, parameters)   \
  result shim_##name parameters __asm__(#name); \
  result shim_##name parameters

IN_PLACE_OF(malloc, void*, (std::size_t size)) { return fails(kMalloc) ? nullptr : __libc_malloc(size); }
IN_PLACE_OF(calloc, void*, (std::size_t n, std::size_t size)) {
  return fails(kMalloc) ? nullptr : __libc_calloc(n, size);
}
IN_PLACE_OF(realloc, void*, (void* old, std::size_t size)) {
  return fails(kMalloc) ? nullptr : __libc_realloc(old, size);
}
IN_PLACE_OF(aligned_alloc, void*, (std::size_t alignment, std::size_t size)) {
  return fails(kMalloc) ? nullptr : __libc_memalign(alignment, size);
}
IN_PLACE_OF(posix_memalign, int, (void** result, std::size_t alignment, std::size_t size)) {
  void* const memory = fails(kMalloc) ? nullptr : __libc_memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}

IN_PLACE_OF(__libc_start_main, int,
            (Main * main, int argc, char** argv, void (*init)(), void (*fini)(), void (*loader_fini)(), void* stack)) {
  g_main = main;
  static auto* const next = real<decltype(shim___libc_start_main)>("__libc_start_main");
  return next(counted_main, argc, argv, init, fini, loader_fini, stack);
}

#define FAULTY(kind, name, result, parameters, arguments)     \
  IN_PLACE_OF(name, result, parameters) {                     \
    if (fails(kind)) return -1;                               \
    static auto* const next = real<result parameters>(#name); \
    return next arguments;                                    \
  }

FAULTY(kSendmsg, sendmmsg, int, (int fd, mmsghdr* v, unsigned n, int flags), (fd, v, n, flags))
FAULTY(kSendmsg, sendmsg, ssize_t, (int fd, const msghdr* m, int flags), (fd, m, flags))
FAULTY(kRecvmsg, recvmmsg, int, (int fd, mmsghdr* v, unsigned n, int flags, timespec* t), (fd, v, n, flags, t))
FAULTY(kRecvmsg, recvmsg, ssize_t, (int fd, msghdr* m, int flags), (fd, m, flags))
FAULTY(kSocket, socket, int, (int family, int type, int protocol), (family, type, protocol))
FAULTY(kBind, bind, int, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
FAULTY(kSetsockopt, setsockopt, int, (int fd, int level, int name, const void* value, socklen_t size),
       (fd, level, name, value, size))
FAULTY(kGetrandom, getrandom, ssize_t, (void* bytes, std::size_t n, unsigned flags), (bytes, n, flags))
FAULTY(kTimerfd, timerfd_create, int, (int clock, int flags), (clock, flags))
FAULTY(kTimerfd, timerfd_settime, int, (int fd, int flags, const itimerspec* spec, itimerspec* old),
       (fd, flags, spec, old))
FAULTY(kEventfd, eventfd, int, (unsigned value, int flags), (value, flags))
FAULTY(kEpollCreate, epoll_create1, int, (int flags), (flags))
FAULTY(kEpollCreate, epoll_create, int, (int size), (size))
FAULTY(kEpollWait, epoll_wait, int, (int epoll, epoll_event* events, int n, int timeout), (epoll, events, n, timeout))
FAULTY(kPoll, poll, int, (pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
FAULTY(kRead, read, ssize_t, (int fd, void* bytes, std::size_t n), (fd, bytes, n))
FAULTY(kWrite, write, ssize_t, (int fd, const void* bytes, std::size_t n), (fd, bytes, n))
FAULTY(kWrite, writev, ssize_t, (int fd, const iovec* pieces, int n), (fd, pieces, n))
FAULTY(kFsync, fsync, int, (int fd), (fd))
FAULTY(kRename, rename, int, (const char* from, const char* to), (from, to))
FAULTY(kFlock, flock, int, (int fd, int operation), (fd, operation))
FAULTY(kDup, dup, int, (int fd), (fd))

IN_PLACE_OF(clock_gettime, int, (clockid_t clock, timespec* time)) {
  static auto* const next = real<int(clockid_t, timespec*)>("clock_gettime");
  const int status = next(clock, time);
  if (status == 0 && clock == CLOCK_REALTIME && g_date_off != nullptr) time->tv_sec += *g_date_off;
  return status;
}

// What is there already can be changed and removed at any time.
IN_PLACE_OF(epoll_ctl, int, (int epoll, int operation, int fd, epoll_event* event)) {
  if (operation == EPOLL_CTL_ADD && fails(kEpollCtl)) return -1;
  static auto* const next = real<int(int, int, int, epoll_event*)>("epoll_ctl");
  return next(epoll, operation, fd, event);
}

IN_PLACE_OF(open, int, (const char* path, int flags, ...)) {
  if (fails(kOpen)) return -1;
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : mode_t{0};
  va_end(rest);
  static auto* const next = real<int(const char*, int, ...)>("open");
  return next(path, flags, mode);
}

}  // extern "C"
