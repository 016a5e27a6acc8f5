// Parity frames: one that parses is written again byte for byte; a symbol that parses is one of a shard that parses.
#include <algorithm>

#include "libcore/wire/parity.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

void check_symbol(Bytes symbol) {
  static ByteArray<wire::shard_frame_bytes(wire::kPayloadBytes, true)> frame_room;
  static ByteArray<wire::kSymbolBytesMax> symbol_room;
  const auto shard = wire::parse_symbol(symbol);
  if (!shard) return;
  const MutableBytes frame =
      MutableBytes(frame_room).first(wire::shard_frame_bytes(shard->payload.size(), shard->has_signature));
  wire::write_shard(frame, *shard);
  const auto parsed = wire::parse_shard(frame);
  SPATE_CHECK(parsed);
  const std::size_t written = wire::write_symbol(symbol_room, *parsed);
  SPATE_CHECK(written <= symbol.size());  // what is behind it is padding
  SPATE_CHECK(std::ranges::equal(Bytes{symbol_room}.first(written), symbol.first(written)));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ByteArray<wire::kParityHeaderBytes + wire::kSymbolBytesMax> room;
  const Bytes frame(data, size);
  const auto parity = wire::parse_parity(frame);
  if (!parity) return 0;
  SPATE_CHECK(wire::is_stream_data(frame));
  const std::uint64_t reference = std::uint64_t{0x0102030405} + parity->symbol.size();
  const std::uint64_t first = parity->first(reference);
  SPATE_CHECK((first & 0xffffff) == parity->first_low);
  SPATE_CHECK(std::max(first, reference) - std::min(first, reference) <= 0x800000);
  const MutableBytes again = MutableBytes(room).first(size);
  wire::write_parity_header(again, first, parity->index, parity->count);
  std::ranges::copy(parity->symbol, again.begin() + wire::kParityHeaderBytes);
  SPATE_CHECK(std::ranges::equal(again, frame));
  check_symbol(parity->symbol);
  return 0;
}
