#include "libcore/stream/blocks.h"

#include <utility>

#include "libcore/base/check.h"

namespace spate::stream {

void Blocks::clear() {
  ring_.clear();
  begin_ = size_ = 0;
}

Block& Blocks::at(std::size_t i) {
  SPATE_CHECK(i < size_);
  return ring_[(begin_ + i) % kBlocksMax];
}

const Block& Blocks::at(std::size_t i) const {
  SPATE_CHECK(i < size_);
  return ring_[(begin_ + i) % kBlocksMax];
}

std::size_t Blocks::reaching(std::uint64_t sequence) const {
  std::size_t low = 0;
  std::size_t high = size_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle).end() > sequence) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

const Block* Blocks::find(std::uint64_t first) const {
  const std::size_t i = reaching(first);
  return i < size_ && at(i).first == first ? &at(i) : nullptr;
}

Block* Blocks::find(std::uint64_t first) { return const_cast<Block*>(std::as_const(*this).find(first)); }

const Buffer* Blocks::find(ParityId id) const {
  if (id.index >= wire::kParityMax) return nullptr;
  const Block* const block = find(id.first);
  return block != nullptr && block->parity[id.index] ? &block->parity[id.index] : nullptr;
}

bool Blocks::admits(std::uint64_t first, std::uint8_t count) const {
  const std::size_t i = reaching(first);
  const bool overlaps = i < size_ && at(i).first < first + count;
  const bool too_old = i == 0 && size_ == kBlocksMax;
  return !overlaps && !too_old;
}

Block* Blocks::insert(std::uint64_t first, std::uint8_t count, const Buffer& list) {
  if (!admits(first, count)) return nullptr;
  std::size_t i = reaching(first);
  if (size_ == kBlocksMax) {
    at(0) = Block{};
    begin_ = (begin_ + 1) % kBlocksMax;
    --i;
  } else {
    if (size_ == ring_.size()) ring_.emplace_back();
    ++size_;
  }
  // A full ring's slot of the oldest is the one behind the newest. Blocks come nearly in order, so little moves.
  for (std::size_t j = size_ - 1; j > i; --j) at(j) = std::move(at(j - 1));
  Block& block = at(i);
  block = Block{};
  block.first = first;
  block.count = count;
  block.list = list;
  return &block;
}

}  // namespace spate::stream
