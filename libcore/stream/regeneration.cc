#include "libcore/stream/regeneration.h"

#include <algorithm>
#include <optional>

#include "libcore/base/check.h"
#include "libcore/stream/erasure_code.h"

namespace spate::stream {
namespace {

Bytes symbol_of(const Buffer& parity) { return parity.bytes().subspan(wire::kParityHeaderBytes); }

// The first r parities that are here.
BlockPositions parities_here(const Block& block, std::size_t r) {
  BlockPositions indexes;
  for (std::uint8_t i = 0; i < wire::kParityMax && indexes.size() < r; ++i)
    if (block.parity[i]) indexes.push_back(i);
  return indexes;
}

}  // namespace

BlockPositions regenerable(const Store& store, const Block& block) {
  const std::size_t most = parities_here(block, wire::kParityMax).size();
  BlockPositions absent;
  if (most == 0) return absent;
  for (std::uint8_t j = 0; j < block.count; ++j) {
    if (store.find(block.first + j) != nullptr) continue;
    if (absent.size() == most) return {};
    absent.push_back(j);
  }
  if (!absent.empty() && block.first + absent[absent.size() - 1] < store.tail()) return {};
  return absent;
}

bool regenerate_frames(BlockFrames& frames, const BlockPositions& positions, const Store& store, const Block& block,
                       std::size_t stripes, BufferPool& pool) {
  const std::size_t r = positions.size();
  const BlockPositions indexes = parities_here(block, r);
  SPATE_CHECK(r > 0 && indexes.size() == r);
  const std::size_t size = symbol_of(block.parity[indexes[0]]).size();
  BlockFrames sum_buffers;
  BlockFrames symbol_buffers;
  std::array<MutableBytes, wire::kParityMax> sums;
  std::array<MutableBytes, wire::kParityMax> symbols;
  for (std::size_t k = 0; k < r; ++k) {
    const Bytes parity = symbol_of(block.parity[indexes[k]]);
    if (parity.size() != size) return false;
    sum_buffers[k] = pool.take(size);
    symbol_buffers[k] = pool.take(size);
    sums[k] = sum_buffers[k].writable();
    symbols[k] = symbol_buffers[k].writable();
    std::ranges::copy(parity, sums[k].begin());
  }

  for (std::uint8_t j = 0; j < block.count; ++j) {
    if (positions.contains(j)) continue;
    const StoredShard* const shard = store.find(block.first + j);
    SPATE_CHECK(shard != nullptr);
    ByteArray<wire::kSymbolBytesMax> symbol;
    const std::size_t symbol_size = wire::write_symbol(symbol, *wire::parse_shard(shard->frame.bytes()));
    if (symbol_size > size) return false;
    for (std::size_t k = 0; k < r; ++k) add_symbol(sums[k], indexes[k], Bytes{symbol}.first(symbol_size), j);
  }
  solve(std::span{symbols}.first(r), std::span{sums}.first(r), {indexes.begin(), r}, {positions.begin(), r});

  for (std::size_t k = 0; k < r; ++k) {
    std::optional<wire::ShardView> shard = wire::parse_symbol(symbols[k]);
    if (!shard) return false;
    const std::uint64_t sequence = block.first + positions[k];
    shard->sequence_low = static_cast<std::uint32_t>(sequence);
    shard->stripe = static_cast<std::uint8_t>(sequence % stripes);
    frames[k] = pool.take(wire::shard_frame_bytes(shard->payload.size(), shard->has_signature));
    wire::write_shard(frames[k].writable(), *shard);
  }
  return true;
}

}  // namespace spate::stream
