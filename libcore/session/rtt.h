// Round-trip time of one path: smoothed value and deviation as in RFC 6298, section 2 (but for a smaller first
// deviation), the recent minimum, and the least ever.
#pragma once

#include <algorithm>

#include "libcore/base/time.h"

namespace spate::session {

class RttEstimator {
 public:
  void add(Duration sample, Instant now);

  bool known() const { return known_; }
  Duration smoothed() const { return smoothed_; }
  // Least of the last 10 to 20 seconds.
  Duration minimum() const { return minimum_ < older_minimum_ ? minimum_ : older_minimum_; }
  // Free of any queue that we have built up ourselves.
  Duration least() const { return least_; }
  // When an answer is overdue: smoothed + 4 x deviation, and a guard for coarse timers; but after kTimeoutMax at the
  // latest, for what an outage has held up says little about the path.
  Duration timeout() const { return std::min<Duration>(smoothed_ + 4 * deviation_ + kGuard, kTimeoutMax); }

  static constexpr Duration kTimeoutMax = std::chrono::seconds(1);

 private:
  static constexpr Duration kGuard = std::chrono::milliseconds(5);
  static constexpr Duration kWindow = std::chrono::seconds(10);

  bool known_ = false;
  Duration smoothed_ = std::chrono::milliseconds(100);
  Duration deviation_ = std::chrono::milliseconds(50);
  Duration least_ = Duration::max();
  Duration minimum_ = Duration::max();
  Duration older_minimum_ = Duration::max();
  Instant window_start_{};
};

}  // namespace spate::session
