#include "libcore/wire/shard.h"

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"

namespace spate::wire {

std::optional<ShardView> parse_shard(Bytes frame) {
  Reader in(frame);
  const std::uint8_t type = in.u8();
  if (type != kShardInline && type != kShardListed) return std::nullopt;
  ShardView shard;
  shard.stripe = in.u8();
  shard.flags = in.u8();
  shard.sequence_low = in.u32();
  shard.media_low = in.u32();
  shard.has_signature = type == kShardInline;
  if (shard.has_signature) shard.signature = in.bytes(kSignatureBytes);
  shard.payload = in.rest();
  if (!in.ok() || shard.payload.empty() || shard.payload.size() > kPayloadBytesMax) return std::nullopt;
  return shard;
}

std::size_t write_shard_header(MutableBytes frame, const ShardHeader& header, const crypto::Signature* signature) {
  Writer out(frame);
  out.u8(signature != nullptr ? kShardInline : kShardListed).u8(header.stripe).u8(header.flags);
  out.u32(static_cast<std::uint32_t>(header.sequence)).u32(static_cast<std::uint32_t>(header.media_us));
  if (signature != nullptr) out.bytes(*signature);
  return out.size();
}

std::optional<HashListView> parse_hash_list(Bytes frame) {
  Reader in(frame);
  if (in.u8() != kHashList) return std::nullopt;
  HashListView list;
  list.epoch = in.u64();
  list.first = in.u64();
  list.media_us = in.u48();
  const std::size_t n = in.u8();
  list.flags = in.u8();
  list.leaves = in.bytes(n * sizeof(crypto::LeafHash));
  list.signature = in.bytes(kSignatureBytes);
  const bool range_wraps = list.first + n < list.first;
  if (!in.ok_and_empty() || n == 0 || n > kListShardsMax || list.flags != 0 || range_wraps) return std::nullopt;
  return list;
}

void write_hash_list(MutableBytes frame, std::uint64_t epoch, std::uint64_t first, std::uint64_t media_us,
                     std::span<const crypto::LeafHash> leaves) {
  Writer out(frame);
  out.u8(kHashList).u64(epoch).u64(first).u48(media_us).u8(static_cast<std::uint8_t>(leaves.size())).u8(0);
  for (const crypto::LeafHash& leaf : leaves) out.bytes(leaf);
  SPATE_CHECK(out.room() == kSignatureBytes);
}

ByteArray<kLeafHeaderBytes> leaf_header(const ShardHeader& header) {
  ByteArray<kLeafHeaderBytes> bytes;
  Writer out(bytes);
  out.u8('l').u8('e').u8('a').u8('f').u64(header.sequence).u8(header.stripe).u8(header.flags).u48(header.media_us);
  return bytes;
}

crypto::SymmetricKey leaf_salt(const crypto::StreamKey& stream, std::uint64_t epoch) {
  ByteArray<8> epoch_bytes;
  Writer(epoch_bytes).u64(epoch);
  static const std::string kContext = "spate salt 1";
  return crypto::blake2b<32>({as_bytes(kContext), stream.bytes, epoch_bytes});
}

std::size_t write_auth_message(MutableBytes out, const crypto::StreamKey& stream, std::uint64_t epoch,
                               std::uint64_t first, std::uint64_t media_us, Bytes leaves) {
  static const std::string kContext = "spate auth 1";
  Writer message(out);
  message.bytes(as_bytes(kContext)).bytes(stream.bytes).u64(epoch).u64(first).u48(media_us);
  message.u8(static_cast<std::uint8_t>(leaves.size() / sizeof(crypto::LeafHash))).u8(0).bytes(leaves);
  return message.size();
}

}  // namespace spate::wire
