// Unpredictable bytes from the kernel: the seed of a process's one generator.
#pragma once

#include "libcore/base/bytes.h"
#include "libcore/crypto/keys.h"

namespace spate::io {

// Throws std::system_error if the kernel has none: nothing secret can be made without.
crypto::SymmetricKey system_random_seed();

}  // namespace spate::io
