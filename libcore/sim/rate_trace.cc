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

std::vector<RateStep> RateTrace::steps() const {
  std::vector<RateStep> steps;
  Duration begin{};
  for (std::size_t i = 0; i < ends_.size(); begin = ends_[i++]) steps.push_back({ends_[i] - begin, rates_[i]});
  return steps;
}

std::uint64_t RateTrace::mean_bps() const {
  __extension__ using Wide = unsigned __int128;
  Wide work = 0;
  for (const RateStep& step : steps()) work += Wide{step.rate_bps} * static_cast<std::uint64_t>(step.duration.count());
  return static_cast<std::uint64_t>(work / static_cast<std::uint64_t>(period().count()));
}

std::uint64_t RateTrace::most_bps() const { return *std::ranges::max_element(rates_); }

}  // namespace spate::sim
