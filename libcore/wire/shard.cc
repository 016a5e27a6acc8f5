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
  if (!in.ok() || shard.flags > kFlagsMax || shard.payload.empty() || shard.payload.size() > kPayloadBytes)
    return std::nullopt;
  return shard;
}

std::size_t write_shard_header(MutableBytes frame, const ShardHeader& header, const crypto::Signature* signature) {
  Writer out(frame);
  out.u8(signature != nullptr ? kShardInline : kShardListed).u8(header.stripe).u8(header.flags);
  out.u32(static_cast<std::uint32_t>(header.sequence)).u32(static_cast<std::uint32_t>(header.media_us));
  if (signature != nullptr) out.bytes(*signature);
  return out.size();
}

namespace {

// The block lies in [0, end), and its numbers are in range.
bool is_valid(Bytes entry, std::uint64_t end) {
  const std::uint8_t back = entry[0];
  return back <= end && back >= block_count(entry[1]) && parity_index(entry[1]) < kParityMax;
}

}  // namespace

ParityProof HashListView::parity_proof(std::size_t i) const {
  Reader in(parity.subspan(i * kParityProofBytes, kParityProofBytes));
  ParityProof proof;
  proof.first = end() - in.u8();
  const std::uint8_t shape = in.u8();
  proof.index = parity_index(shape);
  proof.count = block_count(shape);
  proof.leaf = in.array<sizeof(crypto::LeafHash)>();
  return proof;
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
  const std::size_t p = in.u8();
  list.leaves = in.bytes(n * sizeof(crypto::LeafHash));
  list.parity = in.bytes(p * kParityProofBytes);
  list.signature = in.bytes(kSignatureBytes);
  if (!in.ok_and_empty() || n + p == 0 || n > kListShardsMax || p > kListParityMax || list.flags != 0)
    return std::nullopt;
  if (list.end() < list.first) return std::nullopt;  // wraps
  for (std::size_t i = 0; i < p; ++i)
    if (!is_valid(list.parity.subspan(i * kParityProofBytes), list.end())) return std::nullopt;
  return list;
}

void write_hash_list(MutableBytes frame, std::uint64_t epoch, std::uint64_t first, std::uint64_t media_us,
                     std::span<const crypto::LeafHash> leaves, std::span<const ParityProof> parity) {
  Writer out(frame);
  out.u8(kHashList).u64(epoch).u64(first).u48(media_us);
  out.u8(static_cast<std::uint8_t>(leaves.size())).u8(0).u8(static_cast<std::uint8_t>(parity.size()));
  for (const crypto::LeafHash& leaf : leaves) out.bytes(leaf);
  for (const ParityProof& proof : parity) {
    const std::uint64_t back = first + leaves.size() - proof.first;
    SPATE_CHECK(back <= UINT8_MAX);
    out.u8(static_cast<std::uint8_t>(back)).u8(parity_shape(proof.index, proof.count)).bytes(proof.leaf);
  }
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
                               std::uint64_t first, std::uint64_t media_us, Bytes leaves, Bytes parity) {
  static const std::string kContext = "spate auth 1";
  Writer message(out);
  message.bytes(as_bytes(kContext)).bytes(stream.bytes).u64(epoch).u64(first).u48(media_us);
  message.u8(static_cast<std::uint8_t>(leaves.size() / sizeof(crypto::LeafHash))).u8(0);
  message.u8(static_cast<std::uint8_t>(parity.size() / kParityProofBytes)).bytes(leaves).bytes(parity);
  return message.size();
}

}  // namespace spate::wire
