#include "libcore/io/private_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

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

long locked_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
  return -1;
}

}  // namespace

TEST_CASE("after forbid_dumps() there are no core files and nobody may attach") {
  CHECK(holds_in_a_child([] {
    io::forbid_dumps();
    rlimit core{1, 1};
    return ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0;
  }));
}

TEST_CASE("the heap is locked, or it is told that it could not be") {
  const auto truthful = [] {
    const bool locked = io::lock_heap();
    return locked == (locked_kb() > 0);
  };
  CHECK(holds_in_a_child(truthful));
  CHECK(holds_in_a_child([&] {
    const rlimit none{0, 0};
    return ::setrlimit(RLIMIT_MEMLOCK, &none) == 0 && truthful();
  }));
}
