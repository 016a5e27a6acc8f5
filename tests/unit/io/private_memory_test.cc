#include "libcore/io/private_memory.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace spate;

namespace {

// In a child: what is set there is for good.
template <typename Body>
bool holds_in_a_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Whether this process may lock what it likes, whatever the limit.
bool has_ipc_lock() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) return (std::stoull(line.substr(7), nullptr, 16) >> CAP_IPC_LOCK & 1) != 0;
  return false;
}
bool give_up_ipc_lock() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2];
  if (::syscall(SYS_capget, &header, sets) != 0) return false;
  for (std::uint32_t* const set : {&sets[0].effective, &sets[0].permitted, &sets[0].inheritable})
    *set &= ~(std::uint32_t{1} << CAP_IPC_LOCK);
  return ::syscall(SYS_capset, &header, sets) == 0 && !has_ipc_lock();
}

struct Mapping {
  std::uintptr_t first = 0;
  std::uintptr_t end = 0;
  bool is_heap = false;
  bool is_stack = false;
  bool locked = false;
};
std::vector<Mapping> mappings() {
  std::vector<Mapping> all;
  std::ifstream smaps("/proc/self/smaps");
  for (std::string line; std::getline(smaps, line);) {
    Mapping mapping;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &mapping.first, &mapping.end) == 2) {
      mapping.is_heap = line.ends_with("[heap]");
      mapping.is_stack = line.ends_with("[stack]");
      all.push_back(mapping);
    } else if (line.starts_with("VmFlags:") && !all.empty()) {
      all.back().locked = (line + " ").find(" lo ") != std::string::npos;
    }
  }
  return all;
}

bool is_locked(const void* place) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  for (const Mapping& mapping : mappings())
    if (mapping.first <= address && address < mapping.end) return mapping.locked;
  return false;
}

// With a frame of its own, which is below what a caller has had locked.
[[gnu::noinline]] bool locks_what_is_deeper() {
  char deep[512 * 1024];
  deep[0] = 1;
  return !is_locked(deep) && io::lock_heap_and_stack() && is_locked(deep) && deep[0] == 1;
}

bool may_lock() {
  std::uintptr_t heap = 0;
  std::uintptr_t stack = 0;
  for (const Mapping& mapping : mappings()) {
    if (mapping.is_heap) heap += mapping.end - mapping.first;
    if (mapping.is_stack) stack += mapping.end - mapping.first;
  }
  constexpr std::uintptr_t kGrowth = 1024 * 1024;  // of the heap, meanwhile
  rlimit limit{};
  if (heap == 0 || ::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= heap + stack + kGrowth || has_ipc_lock();
}

}  // namespace

TEST_CASE("after forbid_dumps() there are no core files and nobody may attach") {
  CHECK(holds_in_a_child([] {
    io::forbid_dumps();
    rlimit core{1, 1};
    return ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
  }));
}

TEST_CASE("the heap and the stack are locked where the limit allows that") {
  if (!may_lock()) {
    WARN("not tested: RLIMIT_MEMLOCK is less than this process's heap and stack, or there is no heap");
    return;
  }
  CHECK(holds_in_a_child([] {
    const auto on_the_heap = std::make_unique<int>(1);
    const int on_the_stack = 2;
    if (is_locked(on_the_heap.get()) || is_locked(&on_the_stack)) return false;
    return io::lock_heap_and_stack() && is_locked(on_the_heap.get()) && is_locked(&on_the_stack);
  }));
  CHECK(holds_in_a_child([] {  // again, from deeper down; and the stack may still grow
    return io::lock_heap_and_stack() && locks_what_is_deeper();
  }));
}

TEST_CASE("where memory may not be locked that is told") {
  CHECK(holds_in_a_child([] {
    const rlimit none{0, 0};
    return give_up_ipc_lock() && ::setrlimit(RLIMIT_MEMLOCK, &none) == 0 && !io::lock_heap_and_stack();
  }));
}
