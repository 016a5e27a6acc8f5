// Stream frames: shards and the hash lists that prove them (README.md, "Stream frames"). Parity: parity.h.
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
inline constexpr std::uint8_t kParity = 5;

// Is this text a frame that a node passes on as it came: a shard, a hash list or a parity?
inline bool is_stream_data(Bytes text) {
  return !text.empty() && ((text[0] >= kShardInline && text[0] <= kHashList) || text[0] == kParity);
}

inline constexpr std::size_t kShardHeaderBytes = 11;
inline constexpr std::size_t kSignatureBytes = 64;
inline constexpr std::size_t kPayloadBytes = 7 * 188;  // at most: 7 TS packets
inline constexpr std::size_t kListShardsMax = 48;
inline constexpr std::size_t kListParityMax = 6;
inline constexpr std::size_t kStripesMax = 32;  // of data; so many shards has a block at most
inline constexpr std::size_t kParityMax = 3;    // stripes of parity

inline constexpr std::uint8_t kFlagRandomAccess = 1;
inline constexpr std::uint8_t kFlagDiscontinuity = 2;
inline constexpr std::uint8_t kFlagsMax = 15;  // four bits of them

// The value nearest to `reference` whose low bits (so many) are `low`.
template <unsigned kBits = 32>
constexpr std::uint64_t restore(std::uint32_t low, std::uint64_t reference) {
  constexpr std::uint64_t kSpan = std::uint64_t{1} << kBits;
  const std::uint64_t here = (reference & ~(kSpan - 1)) | low;
  if (here + kSpan / 2 < reference) return here + kSpan;
  if (here > reference + kSpan / 2 && here >= kSpan) return here - kSpan;
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

// The byte that says which parity, of how many shards.
constexpr std::uint8_t parity_shape(std::uint8_t index, std::uint8_t count) {
  return static_cast<std::uint8_t>(index << 5 | (count - 1));
}
constexpr std::uint8_t parity_index(std::uint8_t shape) { return shape >> 5; }
constexpr std::uint8_t block_count(std::uint8_t shape) { return static_cast<std::uint8_t>((shape & 31) + 1); }

// What a list says of one parity of a block of `count` shards from `first`.
struct ParityProof {
  std::uint64_t first = 0;
  std::uint8_t index = 0;
  std::uint8_t count = 0;
  crypto::LeafHash leaf{};
};
inline constexpr std::size_t kParityProofBytes = 1 + 1 + sizeof(crypto::LeafHash);

struct HashListView {
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
  std::uint64_t media_us = 0;
  std::uint8_t flags = 0;
  Bytes leaves;     // n x 16
  Bytes parity;     // p x 18
  Bytes signature;  // 64

  std::size_t count() const { return leaves.size() / sizeof(crypto::LeafHash); }
  std::uint64_t end() const { return first + count(); }
  Bytes leaf(std::size_t i) const { return leaves.subspan(i * sizeof(crypto::LeafHash), sizeof(crypto::LeafHash)); }
  std::size_t parity_count() const { return parity.size() / kParityProofBytes; }
  ParityProof parity_proof(std::size_t i) const;
};

// 1 <= count <= kStripesMax, index < kParityMax, and no block begins below 0 or ends above the list's end().
std::optional<HashListView> parse_hash_list(Bytes frame);
constexpr std::size_t hash_list_frame_bytes(std::size_t n, std::size_t parity = 0) {
  return 26 + sizeof(crypto::LeafHash) * n + kParityProofBytes * parity + kSignatureBytes;
}
// How many shards the list covers, of a frame that parses.
constexpr std::size_t hash_list_count(Bytes frame) { return frame[23]; }
// Writes everything but the signature, whose room is the frame's last 64 bytes. REQUIRES parity that parses.
void write_hash_list(MutableBytes frame, std::uint64_t epoch, std::uint64_t first, std::uint64_t media_us,
                     std::span<const crypto::LeafHash> leaves, std::span<const ParityProof> parity = {});

// What the leaf hash and the signatures are made of.
inline constexpr std::size_t kLeafHeaderBytes = 4 + 8 + 1 + 1 + 6;
ByteArray<kLeafHeaderBytes> leaf_header(const ShardHeader& header);
crypto::SymmetricKey leaf_salt(const crypto::StreamKey& stream, std::uint64_t epoch);

inline constexpr std::size_t kAuthMessageBytesMax =
    12 + 32 + 8 + 8 + 6 + 1 + 1 + 1 + sizeof(crypto::LeafHash) * kListShardsMax + kParityProofBytes * kListParityMax;
// Writes the signed message of a record to out and returns its size. `parity`: a list's entries as they travel.
std::size_t write_auth_message(MutableBytes out, const crypto::StreamKey& stream, std::uint64_t epoch,
                               std::uint64_t first, std::uint64_t media_us, Bytes leaves, Bytes parity = {});

}  // namespace spate::wire
