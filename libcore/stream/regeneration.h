// Missing shards of a block, out of the others and the block's parity.
#pragma once

#include <array>
#include <cstdint>

#include "libcore/base/inline_vector.h"
#include "libcore/stream/blocks.h"
#include "libcore/stream/store.h"

namespace spate::stream {

// Positions in a block: the shard at j has the sequence block.first + j.
using BlockPositions = InlineVector<std::uint8_t, wire::kParityMax>;
using BlockFrames = std::array<Buffer, wire::kParityMax>;

// What of the block is not in the store, if there is something and no more than there are parities here. Otherwise, or
// if all of that is below the store's tail, nothing.
BlockPositions regenerable(const Store& store, const Block& block);

// The frames of those shards, in that order: what the publisher sent if it has told the truth, so still to be proven.
// False if the parity cannot have been made of these shards. REQUIRES what regenerable() returned, not empty.
bool regenerate_frames(BlockFrames& frames, const BlockPositions& positions, const Store& store, const Block& block,
                       std::size_t stripes, BufferPool& pool);

}  // namespace spate::stream
