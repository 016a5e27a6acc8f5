#include "libcore/io/private_memory.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace spate::io {

void forbid_dumps() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

bool lock_heap() {
  bool locked = false;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {  // "55d0c0000000-55d0c0021000 rw-p ... [heap]"
    if (!line.ends_with("[heap]")) continue;
    char* end = nullptr;
    const unsigned long first = std::strtoul(line.c_str(), &end, 16);
    if (*end != '-') return false;
    const unsigned long last = std::strtoul(end + 1, &end, 16);
    // Only what is touched counts: no page is brought in for it.
    if (::mlock2(reinterpret_cast<const void*>(first), last - first, MLOCK_ONFAULT) != 0) return false;
    locked = true;
  }
  return locked;
}

}  // namespace spate::io
