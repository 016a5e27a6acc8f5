// The publisher's side of a stream: bytes in, signed frames into a Store.
//
// Input is cut into payloads (packetizer.h); what was pushed together is proven together: inline (one signature
// a shard) while signatures are cheap for the rate, by a hash list of up to 48 shards above that. Nothing waits
// longer than kHoldMax; a burst with nothing behind it goes out at once. Signatures per second are
// bounded by a token bucket, which is what makes lists longer as the input gets smoother and faster.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/stream/store.h"
#include "libcore/wire/stream_info.h"

namespace spate::stream {

struct SourceConfig {
  crypto::StreamKeyPair key;
  std::uint64_t epoch = 0;  // milliseconds since 1970 at the start; greater than that of any earlier run of the key
  bool mpeg_ts = true;
  std::optional<crypto::SymmetricKey> content_secret;  // private stream
};

struct SourceStats {
  std::uint64_t bytes_in = 0;       // pushed
  std::uint64_t bytes_skipped = 0;  // not MPEG-TS: dropped while looking for sync
  std::uint64_t sync_losses = 0;
  std::uint64_t shards = 0;
  std::uint64_t signatures = 0;
};

class Source {
 public:
  static constexpr Duration kHoldMax = std::chrono::milliseconds(10);

  Source(const SourceConfig& config, const crypto::Suite& suite, BufferPool& pool, Store& store, Instant start);
  ~Source();

  // One burst: all that could be read at once. Media time is `now`.
  void push(Bytes input, Instant now);
  // No more input: whatever whole packets are held leave now.
  void end(Instant now);
  bool ended() const;

  // When held shards must leave (kNever if none are held). At or after it, handle_deadline() signs and stores them.
  Instant next_deadline() const;
  void handle_deadline(Instant now);

  // One past the newest shard that may be sent. (Equal to store.head().)
  std::uint64_t head() const;
  std::uint64_t media_us(Instant now) const;
  wire::StreamInfo info(Instant now) const;
  const SourceStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spate::stream
