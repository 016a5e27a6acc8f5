// Playout: the shards of a Store in order, each at most once, as soon as they can go.
//
// A shard that is next in order is due at once: nothing is held back for evenness (players have their own
// buffers). A gap is waited for until the shard behind it is `latency` old on the publisher's clock,
// then skipped and counted as lost; with a latency of 0 that is as soon as any shard behind it is here. A hole
// announced by the neighbours is skipped at once. Missing shards with nothing behind them are waited for
// without end: whoever knows better (the stream ended) marks them given_up in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "libcore/base/time.h"
#include "libcore/stream/store.h"

namespace spate::stream {

class Playout {
 public:
  // Automatic latency follows the arrivals: kAutoFloor, or 4 x the spread of arrival lags if that is more, at
  // most kAutoCeiling, above the smallest lag. The spread is the highest lag above the smallest of late; both
  // forget, with time constants of 4,096 and 8,192 arrivals, so that one bad moment does not stay for ever.
  static constexpr Duration kAutoFloor = std::chrono::milliseconds(2'000);
  static constexpr Duration kAutoCeiling = std::chrono::milliseconds(3'000);

  static constexpr Duration kOutCeiling = std::chrono::milliseconds(9'000);

  // nullopt = automatic.
  explicit Playout(std::optional<Duration> latency) : fixed_latency_(latency) {}

  // Where output begins, on joining and after a change of epoch; nothing before it is ever written. What is below
  // backlog_end is old already when it comes, so its age says nothing: a gap there is waited for kBacklogWait
  // since something was played, whatever the latency. If kVainWaits of them do not come, the others will not, either.
  static constexpr unsigned kVainWaits = 3;
  static constexpr Duration kBacklogWait = std::chrono::milliseconds(1'500);
  // If the first of the backlog is not here when a random-access point is that was published since, output begins at
  // that. But what begins at sequence 0 is wanted whole.
  void start(std::uint64_t first, std::uint64_t backlog_end, Instant now);
  // After an outage what is below `end` comes late, too. Where the latency is fixed a gap there is waited for a third
  // of it at most: who chose it wants to go on.
  void resume(std::uint64_t end, Instant now);
  // So does this; what has been waited for in vain since then is still in vain.
  void extend_backlog(std::uint64_t end);
  // Most of the stream does not come: what is missing is waited for kOutCeiling, for it is worth more than the rest.
  void set_out(bool out) { out_ = out; }
  bool started() const { return started_; }
  std::uint64_t next() const { return next_; }

  // Nothing is taken from here for a while: what the store lets go of meanwhile is passed over, and not lost.
  void hold() { held_ = true; }

  // A shard arrived with this lag behind the publisher's reading of it (either sign while clocks settle).
  void on_arrival(Duration lag);

  struct Item {
    std::uint64_t sequence;
    const StoredShard* shard;  // until the store is next changed
  };
  // The next shard to write, or nothing before next_deadline(). `media_now` is the publisher's clock now, by our
  // estimate, in microseconds; without one (nullopt) gaps are judged by arrival times.
  std::optional<Item> poll(const Store& store, std::optional<std::uint64_t> media_now, Instant now);
  // When poll() should be called again even if nothing arrives; kNever if no gap is being waited for. After poll().
  Instant next_deadline() const { return deadline_; }

  Duration latency() const { return fixed_latency_ ? *fixed_latency_ : lag_min_ + auto_wait(); }
  // Has it begun at such a newer point since this was last asked?
  bool take_jump() { return std::exchange(jumped_, false); }
  // Sequences skipped since the first start.
  std::uint64_t lost() const { return lost_; }
  std::uint64_t passed_over() const { return passed_over_; }

 private:
  Duration auto_wait() const;
  Duration wait_left(const StoredShard& behind, std::optional<std::uint64_t> media_now, Instant now) const;
  void skip_to(std::uint64_t sequence);
  std::optional<std::uint64_t> newer_point(const Store& store) const;

  std::optional<Duration> fixed_latency_;
  std::uint64_t next_ = 0;
  bool started_ = false;
  bool settled_ = false;  // where output begins: something has been written, or it is wanted whole
  bool jumped_ = false;
  std::uint64_t backlog_end_ = 0;
  Instant backlog_since_{};
  Duration backlog_wait_ = kBacklogWait;
  unsigned vain_waits_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t passed_over_ = 0;
  bool held_ = false;
  Instant deadline_ = kNever;
  Duration lag_min_{};
  Duration lag_spread_{};
  bool have_lag_ = false;
  bool out_ = false;
};

}  // namespace spate::stream
