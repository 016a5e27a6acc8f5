#include "libcore/session/clock_sync.h"

#include <algorithm>

namespace spate::session {

void ClockSync::add(std::uint64_t media_us, Duration rtt, Instant now) {
  const std::int64_t here_us = to_us(now.time_since_epoch());
  while (!samples_.empty() && samples_.back().rtt >= rtt) samples_.pop_back();
  samples_.push_back({count_++, static_cast<std::int64_t>(media_us) + to_us(rtt / 2) - here_us, rtt});
  if (samples_.front().number + kSamples < count_) samples_.erase(samples_.begin());
}

std::uint64_t ClockSync::media_us(Instant now) const {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, to_us(now.time_since_epoch()) + samples_.front().offset_us));
}

}  // namespace spate::session
