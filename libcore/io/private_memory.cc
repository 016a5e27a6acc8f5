#include "libcore/io/private_memory.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace spate::io {
namespace {

constexpr std::size_t kStackLeft = 64 * 1024;

}  // namespace

void forbid_dumps() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

bool lock_heap_and_stack() {
  // The stack reaches farther down than what is locked of it: what grows below a locked part is locked, too, and where
  // that is not allowed the process ends.
  std::array<char, kStackLeft> below;
  ::explicit_bzero(below.data(), 1);
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~(page - 1);
  bool heap_locked = false;
  bool stack_locked = false;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {  // "55d0c0000000-55d0c0021000 rw-p ... [heap]"
    const bool heap = line.ends_with("[heap]");
    char* end = nullptr;
    std::uintptr_t first = std::strtoul(line.c_str(), &end, 16);
    if (*end != '-') return false;
    const std::uintptr_t last = std::strtoul(end + 1, &end, 16);
    // What was locked before is a mapping of its own, and only the upper one is called "[stack]". So the stack is what
    // holds the frame, whatever its name, and all above it is locked already.
    const bool stack = frame >= first && frame < last;
    if (!heap && !stack) continue;
    if (stack) first = frame;
    // Only what is touched is brought in and stays.
    if (::mlock2(reinterpret_cast<const void*>(first), last - first, MLOCK_ONFAULT) != 0) return false;
    heap_locked = heap_locked || heap;
    stack_locked = stack_locked || stack;
  }
  return heap_locked && stack_locked;
}

}  // namespace spate::io
