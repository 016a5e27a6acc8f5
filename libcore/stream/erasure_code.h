// The erasure code of blocks (wire/README.md, "Parity"): sums of symbols over GF(2^8), and what is missing out of them.
//
// Any r <= kParityMax missing symbols follow from the block's others and any r of its parities: parity i weighs the
// symbol at position j with 2^(i j), so every square of r such rows and columns is, but for the scale of its columns or
// a squaring, a Vandermonde matrix of distinct numbers, and has an inverse.
#pragma once

#include <cstdint>
#include <span>

#include "libcore/base/bytes.h"
#include "libcore/wire/shard.h"

namespace spate::stream {

// Adds a symbol, times its weight, to the start of a parity; taking it away is the same. REQUIRES index < kParityMax,
// position < kStripesMax, symbol.size() <= parity.size().
void add_symbol(MutableBytes parity, std::uint8_t index, Bytes symbol, std::size_t position);

// Finds the symbols at these positions. sums[k] is the parity indexes[k] without all symbols but these. The symbols
// come to `out`, in the order of `positions`. REQUIRES as many of each, 1 to kParityMax, all of the same size, and
// indexes and positions that are distinct.
void solve(std::span<const MutableBytes> out, std::span<const MutableBytes> sums, std::span<const std::uint8_t> indexes,
           std::span<const std::uint8_t> positions);

}  // namespace spate::stream
