// Shard frames: one that parses is written again byte for byte, whole or from its symbol.
#include <algorithm>

#include "libcore/wire/parity.h"
#include "libcore/wire/shard.h"
#include "tests/fuzz/target.h"

using namespace spate;

namespace {

void check_header(Bytes frame, const wire::ShardView& shard) {
  ByteArray<wire::kShardHeaderBytes + wire::kSignatureBytes> bytes;
  crypto::Signature signature{};
  std::ranges::copy(shard.signature, signature.begin());
  const auto header = shard.header(shard.media_low, shard.sequence_low);
  const std::size_t size = wire::write_shard_header(bytes, header, shard.has_signature ? &signature : nullptr);
  SPATE_CHECK(wire::shard_frame_bytes(shard.payload.size(), shard.has_signature) == frame.size());
  SPATE_CHECK(std::ranges::equal(Bytes{bytes}.first(size), frame.first(size)));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ByteArray<wire::shard_frame_bytes(wire::kPayloadBytes, true)> frame_room;
  static ByteArray<wire::kSymbolBytesMax> symbol_room;
  const Bytes frame(data, size);
  const auto shard = wire::parse_shard(frame);
  if (!shard) return 0;
  SPATE_CHECK(wire::is_stream_data(frame));
  check_header(frame, *shard);
  const MutableBytes again = MutableBytes(frame_room).first(size);
  wire::write_shard(again, *shard);
  SPATE_CHECK(std::ranges::equal(again, frame));

  const Bytes symbol = Bytes{symbol_room}.first(wire::write_symbol(symbol_room, *shard));
  SPATE_CHECK(symbol.size() == wire::symbol_bytes(shard->payload.size(), shard->has_signature));
  auto regenerated = wire::parse_symbol(symbol);
  SPATE_CHECK(regenerated);
  regenerated->sequence_low = shard->sequence_low;
  regenerated->stripe = shard->stripe;
  wire::write_shard(again, *regenerated);
  SPATE_CHECK(std::ranges::equal(again, frame));
  return 0;
}
