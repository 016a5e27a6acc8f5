// Parity frames, and the symbols that they are made of (README.md, "Parity").
//
// A symbol holds all of a shard's frame that its sequence does not say. write_symbol() and write_shard() are inverse:
// what is regenerated is the frame that was sent, byte for byte.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/wire/shard.h"

namespace spate::wire {

inline constexpr std::size_t kParityHeaderBytes = 5;
inline constexpr std::size_t kSymbolHeaderBytes = 6;
inline constexpr std::size_t kSymbolBytesMin = kSymbolHeaderBytes + 1;
inline constexpr std::size_t kSymbolBytesMax = kSymbolHeaderBytes + kSignatureBytes + kPayloadBytes;

// A parity frame taken apart. The view looks into the parsed bytes.
struct ParityView {
  std::uint32_t first_low = 0;  // 24 bits
  std::uint8_t index = 0;
  std::uint8_t count = 0;
  Bytes symbol;

  std::uint64_t first(std::uint64_t sequence_reference) const { return restore<24>(first_low, sequence_reference); }
};

std::optional<ParityView> parse_parity(Bytes frame);
// Writes the header, kParityHeaderBytes; the coded symbol goes behind it.
void write_parity_header(MutableBytes frame, std::uint64_t first, std::uint8_t index, std::uint8_t count);

// What the leaf hash of a parity covers before the coded symbol.
inline constexpr std::size_t kParityLeafHeaderBytes = 4 + 8 + 1 + 1;
ByteArray<kParityLeafHeaderBytes> parity_leaf_header(std::uint64_t first, std::uint8_t index, std::uint8_t count);

constexpr std::size_t symbol_bytes(std::size_t payload, bool with_signature) {
  return kSymbolHeaderBytes + (with_signature ? kSignatureBytes : 0) + payload;
}
// The symbol of a shard. Returns its size. REQUIRES room for kSymbolBytesMax.
std::size_t write_symbol(MutableBytes out, const ShardView& shard);

// A symbol taken apart: the shard without its place. What is behind the payload is padding. Nothing if it is no symbol.
std::optional<ShardView> parse_symbol(Bytes symbol);
// The frame of a shard, all of it.
void write_shard(MutableBytes frame, const ShardView& shard);

}  // namespace spate::wire
