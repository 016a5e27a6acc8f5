// Stream frames: shards and the hash lists that prove them (README.md, "Stream frames").
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/crypto/suite.h"

namespace spate::wire {

inline constexpr std::uint8_t kShardInline = 1;
inline constexpr std::uint8_t kShardListed = 2;
inline constexpr std::uint8_t kHashList = 3;
inline constexpr std::uint8_t kStreamInfo = 4;

// Is this text a frame that a node passes on as it came: a shard or a hash list?
inline bool is_stream_data(Bytes text) { return !text.empty() && text[0] >= kShardInline && text[0] <= kHashList; }

inline constexpr std::size_t kShardHeaderBytes = 11;
inline constexpr std::size_t kSignatureBytes = 64;
inline constexpr std::size_t kPayloadBytesMax = 1316;  // accepted
inline constexpr std::size_t kPayloadBytes = 1128;     // sent: 6 TS packets, the most that a 1,232-byte datagram holds
inline constexpr std::size_t kListShardsMax = 48;

inline constexpr std::uint8_t kFlagRandomAccess = 1;
inline constexpr std::uint8_t kFlagDiscontinuity = 2;

// The value nearest to `reference` whose low 32 bits are `low`.
constexpr std::uint64_t restore(std::uint32_t low, std::uint64_t reference) {
  const std::uint64_t base = reference & ~std::uint64_t{0xffffffff};
  const std::uint64_t here = base | low;
  if (here + 0x80000000u < reference) return here + 0x100000000u;
  if (here > reference + 0x80000000u && here >= 0x100000000u) return here - 0x100000000u;
  return here;
}

// What a shard says of itself, with full-width numbers; this is what the leaf hash covers beside the payload.
struct ShardHeader {
  std::uint64_t sequence = 0;
  std::uint64_t media_us = 0;
  std::uint8_t stripe = 0;
  std::uint8_t flags = 0;
};

// A shard frame taken apart. The views look into the parsed bytes.
struct ShardView {
  std::uint32_t sequence_low = 0;
  std::uint32_t media_low = 0;
  std::uint8_t stripe = 0;
  std::uint8_t flags = 0;
  bool has_signature = false;
  Bytes signature;  // 64 bytes if has_signature
  Bytes payload;

  ShardHeader header(std::uint64_t sequence_reference, std::uint64_t media_reference) const {
    return {restore(sequence_low, sequence_reference), restore(media_low, media_reference), stripe, flags};
  }
};

std::optional<ShardView> parse_shard(Bytes frame);
constexpr std::size_t shard_frame_bytes(std::size_t payload, bool with_signature) {
  return kShardHeaderBytes + (with_signature ? kSignatureBytes : 0) + payload;
}
// Writes all but the payload, which the caller puts behind. Returns the bytes written.
std::size_t write_shard_header(MutableBytes frame, const ShardHeader& header, const crypto::Signature* signature);

struct HashListView {
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint64_t media_us = 0;
  std::uint8_t flags = 0;
  Bytes leaves;     // n x 16
  Bytes signature;  // 64

  std::size_t count() const { return leaves.size() / sizeof(crypto::LeafHash); }
  Bytes leaf(std::size_t i) const { return leaves.subspan(i * sizeof(crypto::LeafHash), sizeof(crypto::LeafHash)); }
};

std::optional<HashListView> parse_hash_list(Bytes frame);
constexpr std::size_t hash_list_frame_bytes(std::size_t n) { return 25 + 16 * n + kSignatureBytes; }
// Writes everything but the signature, whose room is the frame's last 64 bytes.
void write_hash_list(MutableBytes frame, std::uint64_t epoch, std::uint64_t first, std::uint64_t media_us,
                     std::span<const crypto::LeafHash> leaves);

// What the leaf hash and the signatures are made of.
inline constexpr std::size_t kLeafHeaderBytes = 4 + 8 + 1 + 1 + 6;
ByteArray<kLeafHeaderBytes> leaf_header(const ShardHeader& header);
crypto::SymmetricKey leaf_salt(const crypto::StreamKey& stream, std::uint64_t epoch);

inline constexpr std::size_t kAuthMessageBytesMax = 12 + 32 + 8 + 8 + 6 + 1 + 1 + 16 * kListShardsMax;
// Writes the signed message of a record to out and returns its size.
std::size_t write_auth_message(MutableBytes out, const crypto::StreamKey& stream, std::uint64_t epoch,
                               std::uint64_t first, std::uint64_t media_us, Bytes leaves);

}  // namespace spate::wire
