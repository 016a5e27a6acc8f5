#include "libcore/session/clock_sync.h"

#include <algorithm>

namespace spate::session {

void ClockSync::add(std::uint64_t media_us, Duration rtt, Instant now) {
  const std::int64_t here_us = to_us(now.time_since_epoch());
  samples_[next_] = {static_cast<std::int64_t>(media_us) + to_us(rtt / 2) - here_us, rtt};
  next_ = (next_ + 1) % kSamples;
  count_ = std::min(count_ + 1, kSamples);
  const auto end = samples_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto best = std::min_element(samples_.begin(), end, [](const auto& a, const auto& b) { return a.rtt < b.rtt; });
  offset_us_ = best->offset_us;
}

std::uint64_t ClockSync::media_us(Instant now) const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(now.time_since_epoch()) + offset_us_));
}

}  // namespace spate::session
