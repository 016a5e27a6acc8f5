#include "libcore/io/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "libcore/io/event_loop.h"

namespace spate::io {
namespace {

constexpr int kPipeBytesWanted = 1024 * 1024;
constexpr std::size_t kPacketsPerWrite = 256;

bool writable_now(int fd) {
  pollfd p{fd, POLLOUT, 0};
  return ::poll(&p, 1, 0) == 1;
}

// The same pipe, with flags of its own. Fails where /proc is not there or the pipe is another user's.
int reopen_non_blocking(int fd) {
  return ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

Output::Output(int fd, bool may_reopen) : fd_(fd) {
  struct stat status {};
  ::fstat(fd, &status);
  if (S_ISSOCK(status.st_mode)) {
    kind_ = Kind::kSocket;
  } else if (EventLoop::can_wait_for(fd)) {
    ::fcntl(fd, F_SETPIPE_SZ, kPipeBytesWanted);
    if (may_reopen) own_ = Descriptor(reopen_non_blocking(fd));
    kind_ = own_ ? Kind::kPipe : Kind::kCautiousPipe;
  }
}

Result<Output> Output::open_file(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) return system_failure("cannot write " + path, errno);
  Output output(fd.get());
  if (!output.own_) output.own_ = std::move(fd);
  return output;
}

void Output::push(const Buffer& frame, Bytes bytes) {
  if (queue_.full()) flush();
  queue_.push(frame, bytes);
}

ssize_t Output::write_some() {
  std::array<iovec, kPacketsPerWrite> pieces;
  const bool cautious = kind_ == Kind::kCautiousPipe;
  // A pipe that shows room takes PIPE_BUF bytes without blocking, and no more is sure.
  const std::size_t n = queue_.gather(pieces, cautious ? PIPE_BUF : SIZE_MAX);
  if (cautious && !writable_now(fd())) {
    errno = EAGAIN;
    return -1;
  }
  if (kind_ != Kind::kSocket) return ::writev(fd(), pieces.data(), static_cast<int>(n));
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = n;
  return ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

Output::State Output::flush() {
  while (!queue_.empty()) {
    const ssize_t n = write_some();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return on_error(errno);
    queue_.consume(static_cast<std::size_t>(n));
    written_bytes_ += static_cast<std::uint64_t>(n);
  }
  return State::kDone;
}

Output::State Output::on_error(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return State::kBlocked;
  if (error == EPIPE || error == ECONNRESET) return State::kClosed;
  failure_ = system_failure("cannot write the output", error).message;
  return State::kFailed;
}

}  // namespace spate::io
