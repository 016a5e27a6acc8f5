#include "libcore/sim/rate_trace.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::sim {

RateTrace::RateTrace(const std::vector<RateStep>& steps) {
  Duration end{};
  bool moves = false;
  for (const RateStep& step : steps) {
    SPATE_CHECK(step.duration > Duration::zero());
    end += step.duration;
    ends_.push_back(end);
    rates_.push_back(step.rate_bps);
    moves |= step.rate_bps > 0;
  }
  SPATE_CHECK(moves);
}

RateTrace::Step RateTrace::at(Instant time) const {
  const Duration within = time.time_since_epoch() % period();
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), within);
  return {rates_[static_cast<std::size_t>(end - ends_.begin())], time + (*end - within)};
}

}  // namespace spate::sim
