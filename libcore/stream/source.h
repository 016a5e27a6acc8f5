// The publisher's side of a stream: bytes in, signed frames into a Store.
//
// Input is cut into payloads (packetizer.h), and what is ready is proven together. When:
//   - At the end of a push, at once, if the signing budget affords it (signing_budget.h: 667 a second, 8 in a
//     row). So a burst with nothing behind it, and any feed of less than 667 pushes a second, waits for nothing.
//   - Else as soon as the budget affords it again: a smooth, fast feed is signed every 1.5 ms and waits half that.
//   - 48 payloads, a full list, are signed whatever the budget says: no more are ever held.
//   - Nothing is held longer than kHoldMax.
// How: a payload carries its signature itself while signatures are rare (2.2 ms each since the last one, 24 at a time):
// a list would have to come to everybody by two ways, and its loss would hold up all its shards. Where everything comes
// one way (set_one_way()) only three at a time do. All else is proven by a hash list.
//
// The unfull payload at the end of a push goes with the rest, except where more is sure to come: behind program
// tables (a keyframe comes next), and in a steady feed (the last 8 pushes at most 2.5 ms apart) unless a list is signed
// anyway. It waits for that, kJoinMax at most.
//
// Parity (parity_maker.h): a block closes when it is whole, kBlockAgeMax after its first shard was signed, or at the
// end. The list that is being signed proves it; if there is none, or no room in it, a list with no shards does, whose
// signature the budget pays for too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

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
  std::uint8_t stripes = 16;                           // of data, 1 to wire::kStripesMax
  std::uint8_t parity = 1;                             // stripes of it, 0 to wire::kParityMax
};

struct SourceStats {
  std::uint64_t bytes_in = 0;       // pushed
  std::uint64_t bytes_skipped = 0;  // not MPEG-TS: dropped while looking for sync
  std::uint64_t sync_losses = 0;
  std::uint64_t shards = 0;
  std::uint64_t signatures = 0;
  std::uint64_t parity = 0;  // frames
};

class Source {
 public:
  static constexpr Duration kHoldMax = std::chrono::milliseconds(10);
  static constexpr Duration kJoinMax = std::chrono::milliseconds(3);
  static constexpr Duration kBlockAgeMax = std::chrono::milliseconds(200);

  Source(const SourceConfig& config, const crypto::Suite& suite, BufferPool& pool, Store& store, Instant start);
  ~Source();

  // One burst: all that could be read at once. Media time is `now`. REQUIRES !ended().
  void push(Bytes input, Instant now);
  // No more input: whatever whole packets are held leave now, and the open block's parity.
  void end(Instant now);
  bool ended() const;
  // Everybody has the whole stream straight from here: a list costs one datagram more, and less than many signatures.
  void set_one_way(bool one_way);

  // When held shards must leave, or a block must close (kNever if there are none). At or after it, handle_deadline()
  // signs and stores them.
  Instant next_deadline() const;
  void handle_deadline(Instant now);
  // Until then the budget affords nothing, and less input than a full list gains nothing by being here.
  Instant input_due() const;

  // One past the newest shard that may be sent. (Equal to store.head().)
  std::uint64_t head() const;
  // What is new in store.blocks() since the last push(), handle_deadline() or end() began. Their shards, and those of
  // the lists that prove them, may be sent.
  std::span<const ParityId> made_parity() const;
  std::uint64_t media_us(Instant now) const;
  wire::StreamInfo info(Instant now) const;
  const SourceStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spate::stream
