#include "libcore/io/system_random.h"

#include <sys/random.h>

#include "libcore/base/check.h"

namespace spate::io {

crypto::SymmetricKey system_random_seed() {
  crypto::SymmetricKey seed{};
  // Requests of up to 256 bytes are never cut short once the kernel's generator is ready.
  SPATE_CHECK(::getrandom(seed.data(), seed.size(), 0) == static_cast<ssize_t>(seed.size()));
  return seed;
}

}  // namespace spate::io
