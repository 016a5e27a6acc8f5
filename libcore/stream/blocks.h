// The newest blocks of a run that hash lists told of, and their parity: for regeneration, and for forwarding.
//
// Holds at most kBlocksMax blocks, in order, none overlapping another. Only proven lists and parity frames may enter.
// Memory: a block of BufferPool::kBlockBytes for each parity frame (1.2 MB for the most there can be), and the lists.
// Pointers last until the next insert() or clear().
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/wire/parity.h"

namespace spate::stream {

// One parity frame: which, of the block that begins at `first`. It travels on stripe S + index.
struct ParityId {
  std::uint64_t first = 0;
  std::uint8_t index = 0;

  bool operator==(const ParityId&) const = default;
};

struct Block {
  std::uint64_t first = 0;
  std::uint8_t count = 0;
  std::uint8_t told = 0;  // bit i: leaves[i] is known
  bool broken = false;    // its parity does not fit its shards: its signer's fault
  Buffer list;            // the hash list frame that proves the parity
  std::array<crypto::LeafHash, wire::kParityMax> leaves{};
  std::array<Buffer, wire::kParityMax> parity;  // the frames; empty if not here

  std::uint64_t end() const { return first + count; }
  bool tells_of(std::uint8_t index) const { return (told >> index & 1) != 0; }
  void tell(std::uint8_t index, const crypto::LeafHash& leaf) {
    told = static_cast<std::uint8_t>(told | 1 << index);
    leaves[index] = leaf;
  }
};

class Blocks {
 public:
  static constexpr std::size_t kBlocksMax = 256;

  void clear();
  std::size_t size() const { return size_; }
  // The i-th, in order. REQUIRES i < size().
  Block& at(std::size_t i);
  const Block& at(std::size_t i) const;

  // The block that begins there, or null.
  Block* find(std::uint64_t first);
  const Block* find(std::uint64_t first) const;
  // That parity frame, or null if it is not here.
  const Buffer* find(ParityId id) const;
  // The lowest i with at(i).end() > sequence; size() if there is none.
  std::size_t reaching(std::uint64_t sequence) const;

  // A block without parity. Null if it overlaps one that is here, or is older than kBlocksMax of them. Pushes out the
  // oldest as needed.
  Block* insert(std::uint64_t first, std::uint8_t count, const Buffer& list);
  // Would insert() find room and place for it?
  bool admits(std::uint64_t first, std::uint8_t count) const;

 private:
  // at(i) is ring_[(begin_ + i) % kBlocksMax]; the ring grows to that only as blocks come.
  std::vector<Block> ring_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spate::stream
