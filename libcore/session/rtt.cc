#include "libcore/session/rtt.h"

#include <algorithm>

namespace spate::session {

void RttEstimator::add(Duration sample, Instant now) {
  if (sample < Duration::zero()) return;
  if (!known_) {
    known_ = true;
    smoothed_ = sample;
    deviation_ = sample / 4;  // RFC 6298 says half: repairs can afford to be early, not late
    window_start_ = now;
  } else {
    const Duration error = sample > smoothed_ ? sample - smoothed_ : smoothed_ - sample;
    deviation_ = (3 * deviation_ + error) / 4;
    smoothed_ = (7 * smoothed_ + sample) / 8;
  }
  if (now - window_start_ > kWindow) {
    older_minimum_ = minimum_;
    minimum_ = Duration::max();
    window_start_ = now;
  }
  minimum_ = std::min(minimum_, sample);
  least_ = std::min(least_, sample);
}

}  // namespace spate::session
