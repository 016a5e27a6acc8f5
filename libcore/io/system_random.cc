#include "libcore/io/system_random.h"

#include <sys/random.h>

#include <cerrno>

#include "libcore/io/failure.h"

namespace spate::io {

crypto::SymmetricKey system_random_seed() {
  crypto::SymmetricKey seed{};
  // Requests of up to 256 bytes are never cut short once the kernel's generator is ready.
  while (::getrandom(seed.data(), seed.size(), 0) < 0)
    if (errno != EINTR) throw_system_failure("the kernel has no random numbers", errno);
  return seed;
}

}  // namespace spate::io
