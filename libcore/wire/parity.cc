#include "libcore/wire/parity.h"

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"

namespace spate::wire {
namespace {

// The symbol's first two bytes.
constexpr unsigned kLengthMask = 0x7ff;
constexpr unsigned kSignatureBit = 0x800;
constexpr unsigned kFlagsShift = 12;

static_assert(kPayloadBytes <= kLengthMask);
// As long as the longest shard that is sent, so that it fits wherever that does.
static_assert(kParityHeaderBytes + symbol_bytes(kPayloadBytes, true) == shard_frame_bytes(kPayloadBytes, true));

}  // namespace

std::optional<ParityView> parse_parity(Bytes frame) {
  Reader in(frame);
  if (in.u8() != kParity) return std::nullopt;
  ParityView parity;
  const std::uint8_t shape = in.u8();
  parity.index = parity_index(shape);
  parity.count = block_count(shape);
  parity.first_low = static_cast<std::uint32_t>(in.u8()) << 16;
  parity.first_low |= in.u16();
  parity.symbol = in.rest();
  if (!in.ok() || parity.index >= kParityMax) return std::nullopt;
  if (parity.symbol.size() < kSymbolBytesMin || parity.symbol.size() > kSymbolBytesMax) return std::nullopt;
  return parity;
}

void write_parity_header(MutableBytes frame, std::uint64_t first, std::uint8_t index, std::uint8_t count) {
  Writer out(frame);
  out.u8(kParity).u8(parity_shape(index, count));
  out.u8(static_cast<std::uint8_t>(first >> 16)).u16(static_cast<std::uint16_t>(first));
}

ByteArray<kParityLeafHeaderBytes> parity_leaf_header(std::uint64_t first, std::uint8_t index, std::uint8_t count) {
  ByteArray<kParityLeafHeaderBytes> bytes;
  Writer(bytes).u8('p').u8('a').u8('r').u8('i').u64(first).u8(index).u8(count);
  return bytes;
}

std::size_t write_symbol(MutableBytes out, const ShardView& shard) {
  const std::size_t head = shard.payload.size() | (shard.has_signature ? kSignatureBit : 0) |
                           static_cast<std::size_t>(shard.flags) << kFlagsShift;
  Writer symbol(out);
  symbol.u16(static_cast<std::uint16_t>(head)).u32(shard.media_low).bytes(shard.signature).bytes(shard.payload);
  return symbol.size();
}

std::optional<ShardView> parse_symbol(Bytes symbol) {
  Reader in(symbol);
  ShardView shard;
  const unsigned head = in.u16();
  shard.flags = static_cast<std::uint8_t>(head >> kFlagsShift);
  shard.has_signature = (head & kSignatureBit) != 0;
  shard.media_low = in.u32();
  if (shard.has_signature) shard.signature = in.bytes(kSignatureBytes);
  shard.payload = in.bytes(head & kLengthMask);
  if (!in.ok() || shard.payload.empty() || shard.payload.size() > kPayloadBytes) return std::nullopt;
  return shard;
}

void write_shard(MutableBytes frame, const ShardView& shard) {
  Writer out(frame);
  out.u8(shard.has_signature ? kShardInline : kShardListed).u8(shard.stripe).u8(shard.flags);
  out.u32(shard.sequence_low).u32(shard.media_low).bytes(shard.signature).bytes(shard.payload);
}

}  // namespace spate::wire
