// The publisher's parity: gathers the shards of a block as they are made, and makes its parity frames when it closes.
//
// A block closes with the last shard before a multiple of the number of stripes, or when close() is called. With one
// stripe, or none of parity, nothing is ever made.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/crypto/suite.h"
#include "libcore/wire/parity.h"

namespace spate::stream {

struct MadeBlock {
  std::uint64_t first = 0;
  std::uint8_t count = 0;
  std::array<crypto::LeafHash, wire::kParityMax> leaves{};
  std::array<Buffer, wire::kParityMax> frames;  // the first parity() of them
};

class ParityMaker {
 public:
  // REQUIRES 1 <= stripes <= kStripesMax, parity <= kParityMax.
  ParityMaker(std::size_t stripes, std::size_t parity, const crypto::SymmetricKey& salt, const crypto::Suite& suite,
              BufferPool& pool);

  std::size_t parity() const { return parity_; }
  // The whole frame of the next shard. REQUIRES consecutive sequences, and one that parse_shard() takes.
  void add(std::uint64_t sequence, Bytes frame, Instant now);
  // Closes the open block, short as it is, if there is one.
  void close();
  // When the first shard of the open block was added.
  std::optional<Instant> open_since() const;

  // Closed blocks, oldest first.
  std::span<MadeBlock> made() { return made_; }
  std::span<const MadeBlock> made() const { return made_; }
  void pop_made(std::size_t n);

 private:
  void open(std::uint64_t first, Instant now);

  const std::size_t stripes_;
  const std::size_t parity_;
  const crypto::SymmetricKey salt_;
  const crypto::Suite& suite_;
  BufferPool& pool_;
  MadeBlock open_;                // none if its count is 0
  std::size_t symbol_bytes_ = 0;  // the longest of the open block
  Instant opened_{};
  std::vector<MadeBlock> made_;
};

}  // namespace spate::stream
