// A host's clock: it shows another time than the network's, runs a little fast or slow, and may jump ahead.
//
// It never goes back: it stands for the monotonic clock that a node is told. Exact integer arithmetic, so that the two
// directions agree: local(first_showing(t)) >= t, and no earlier time of the network shows t.
#pragma once

#include <cstdint>

#include "libcore/base/time.h"

namespace spate::sim {

struct ClockConfig {
  Duration offset{};           // what it shows at the network's time zero
  std::int32_t drift_ppm = 0;  // gained in a million; above -10^6, below 10^6
};

class HostClock {
 public:
  explicit HostClock(const ClockConfig& config);

  // What it shows at a time of the network, which is not before the last change. kNever stays kNever.
  Instant local(Instant now) const;
  // The first time of the network, not before the last change, at which it shows `local` or more. kNever stays kNever.
  Instant first_showing(Instant local) const;

  // Ahead, by zero or more.
  void jump(Duration by, Instant now);

 private:
  Instant since_{};  // the last change
  Instant local_since_{};
  std::int64_t drift_ppm_;
};

}  // namespace spate::sim
