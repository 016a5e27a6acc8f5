// What the tests of the stream layer are made of: MPEG-TS packets, keys, and bytes.
#pragma once

#include <algorithm>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/suite.h"
#include "libcore/stream/ts_packet.h"
#include "libcore/wire/shard.h"

namespace spate::stream {

using ByteVector = std::vector<std::uint8_t>;

inline constexpr Instant kStart{std::chrono::hours(1)};
inline constexpr std::uint64_t kEpoch = 1'700'000'000'000;
inline constexpr std::size_t kPacketsPerShard = wire::kPayloadBytes / kTsPacketBytes;

inline void append(ByteVector& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline crypto::StreamKeyPair stream_keys(std::uint8_t fill = 1) {
  ByteArray<32> seed;
  seed.fill(fill);
  return crypto::stream_key_pair(seed);
}

// A packet of this PID with random bytes behind its header.
inline ByteVector ts_packet(Rng& rng, std::uint16_t pid, bool unit_start = false) {
  ByteVector packet(kTsPacketBytes);
  rng.fill(packet);
  packet[0] = kTsSync;
  packet[1] = static_cast<std::uint8_t>((unit_start ? 0x40 : 0) | pid >> 8);
  packet[2] = static_cast<std::uint8_t>(pid & 0xff);
  packet[3] = 0x10;
  return packet;
}

inline ByteVector pat_packet(Rng& rng) { return ts_packet(rng, 0, true); }

// The first packet of an access unit that is marked as a random-access point; PES stream id 0xe0 is video, 0xc0 audio.
inline ByteVector random_access_packet(Rng& rng, std::uint8_t stream_id = 0xe0) {
  ByteVector packet = ts_packet(rng, 0x100, true);
  const ByteVector begin = {0x30, 7, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 1, stream_id};
  std::copy(begin.begin(), begin.end(), packet.begin() + 3);
  return packet;
}

inline ByteVector ts_packets(Rng& rng, std::size_t n) {
  ByteVector bytes;
  for (std::size_t i = 0; i < n; ++i) append(bytes, ts_packet(rng, 0x101));
  return bytes;
}

inline ByteVector random_bytes(Rng& rng, std::size_t n) {
  ByteVector bytes(n);
  rng.fill(bytes);
  return bytes;
}

}  // namespace spate::stream
