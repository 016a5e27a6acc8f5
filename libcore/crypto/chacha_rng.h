// The core's one random generator: the ChaCha20 key stream of a 32-byte seed.
//
// As unpredictable as its seed (io/ seeds it from the system, once), and repeatable from it (sim/ seeds it from
// the run's seed and the node's number). fork(label) is seeded by BLAKE2b(seed; label): it depends on the seed and
// the label only, not on what has been drawn.
#pragma once

#include "libcore/base/rng.h"
#include "libcore/crypto/keys.h"

namespace spate::crypto {

class ChaChaRng final : public Rng {
 public:
  explicit ChaChaRng(const SymmetricKey& seed);
  // For simulations and tests: the seed is BLAKE2b(value).
  explicit ChaChaRng(std::uint64_t value);
  ~ChaChaRng() override;

  void fill(MutableBytes out) override;
  std::unique_ptr<Rng> fork(std::string_view label) const override;

 private:
  void refill();

  SymmetricKey seed_;
  ByteArray<512> block_;
  std::size_t used_;
  std::uint64_t blocks_ = 0;
};

}  // namespace spate::crypto
