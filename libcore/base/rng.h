// Where the core's randomness comes from: outside, always.
//
// One generator serves keys and protocol choices alike (crypto/chacha_rng.h), so it must be unpredictable when
// its seed is. fork() gives an independent stream named by a label: what one machine draws never changes what
// another draws.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "libcore/base/bytes.h"

namespace spate {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(MutableBytes out) = 0;
  virtual std::unique_ptr<Rng> fork(std::string_view label) const = 0;

  std::uint32_t u32();
  std::uint64_t u64();
  // Uniform in [0, n), n > 0, without bias.
  std::uint64_t below(std::uint64_t n);
  // Uniform in [0, 1), 53 bits.
  double unit();
};

}  // namespace spate
