#include "libcore/stream/playout.h"

#include <algorithm>

namespace spate::stream {
namespace {

constexpr std::uint64_t kAgeMax = std::uint64_t{1} << 48;  // microseconds; media time is no longer than this

}  // namespace

void Playout::start(std::uint64_t first, std::uint64_t backlog_end, Instant now) {
  next_ = first;
  backlog_end_ = backlog_end;
  backlog_since_ = now;
  backlog_wait_ = kBacklogWait;
  vain_waits_ = 0;
  started_ = true;
  settled_ = first == 0;
  held_ = false;
  deadline_ = kNever;
  have_lag_ = false;
  lag_min_ = lag_spread_ = Duration::zero();
}

void Playout::resume(std::uint64_t end, Instant now) {
  extend_backlog(end);
  backlog_since_ = now;
  if (fixed_latency_) backlog_wait_ = std::min<Duration>(kBacklogWait, *fixed_latency_ / 3);
  vain_waits_ = 0;
}

void Playout::extend_backlog(std::uint64_t end) { backlog_end_ = std::max(backlog_end_, end); }

void Playout::on_arrival(Duration lag) {
  static constexpr int kMinForgets = 8'192;
  static constexpr int kSpreadForgets = 4'096;
  lag_min_ = have_lag_ ? std::min(lag, lag_min_ + (lag - lag_min_) / kMinForgets) : lag;
  lag_spread_ = std::max(lag - lag_min_, lag_spread_ - lag_spread_ / kSpreadForgets);
  have_lag_ = true;
}

std::optional<Playout::Item> Playout::poll(const Store& store, std::optional<std::uint64_t> media_now, Instant now) {
  deadline_ = kNever;
  if (!started_) return std::nullopt;
  const bool was_held = std::exchange(held_, false);
  if (next_ < store.tail()) {  // we were slow, and the store did not wait
    (was_held ? passed_over_ : lost_) += store.tail() - next_;
    next_ = store.tail();
  }
  while (next_ < store.head()) {
    const StoredShard& slot = store.at(next_);
    if (slot.present()) {
      if (next_ < backlog_end_) backlog_since_ = now;
      settled_ = true;
      return Item{next_++, &slot};
    }
    if (slot.given_up) {
      skip_to(next_ + 1);
      continue;
    }
    const std::uint64_t behind = store.next_present(next_);
    if (behind == store.head()) return std::nullopt;
    const bool in_backlog = next_ < backlog_end_;
    if (const std::optional<std::uint64_t> newer = newer_point(store)) {
      next_ = *newer;  // what output never began with is not lost
      jumped_ = true;
      continue;
    }
    const Duration left = !in_backlog                ? wait_left(store.at(behind), media_now, now)
                          : vain_waits_ < kVainWaits ? backlog_since_ + backlog_wait_ - now
                                                     : Duration::zero();
    if (left > Duration::zero()) {
      deadline_ = now + left;
      return std::nullopt;
    }
    if (in_backlog) {
      ++vain_waits_;
      backlog_since_ = now;
    }
    skip_to(behind);
  }
  return std::nullopt;
}

Duration Playout::auto_wait() const {
  if (out_) return kOutCeiling;
  return std::clamp(4 * lag_spread_, kAutoFloor, kAutoCeiling);
}

Duration Playout::wait_left(const StoredShard& behind, std::optional<std::uint64_t> media_now, Instant now) const {
  if (!media_now) return behind.arrived + (fixed_latency_ ? *fixed_latency_ : auto_wait()) - now;
  // An estimated clock may run ahead of what we have: a shard is never younger than nothing.
  const std::uint64_t age = std::min(kAgeMax, *media_now - std::min(*media_now, behind.media_us));
  return latency() - std::chrono::microseconds(static_cast<std::int64_t>(age));
}

std::optional<std::uint64_t> Playout::newer_point(const Store& store) const {
  if (settled_ || next_ >= backlog_end_) return std::nullopt;
  const std::uint64_t newer = store.start_for_joiner();
  if (newer < backlog_end_) return std::nullopt;
  const StoredShard* const shard = store.find(newer);
  if (shard == nullptr || (shard->flags & wire::kFlagRandomAccess) == 0) return std::nullopt;
  return newer;
}

void Playout::skip_to(std::uint64_t sequence) {
  lost_ += sequence - next_;
  next_ = sequence;
}

}  // namespace spate::stream
