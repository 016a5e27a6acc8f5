// A rate that changes with time: steps that follow one another and repeat.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/time.h"

namespace spate::sim {

struct RateStep {
  Duration duration{};
  std::uint64_t rate_bps = 0;  // 0: nothing moves
};

class RateTrace {
 public:
  // REQUIRES steps of some length, and a rate in one of them.
  explicit RateTrace(const std::vector<RateStep>& steps);

  struct Step {
    std::uint64_t rate_bps;
    Instant until;
  };
  // The step of a time, which is not before zero; the first began at zero.
  Step at(Instant time) const;
  Duration period() const { return ends_.back(); }
  // Those that it was made of.
  std::vector<RateStep> steps() const;
  std::uint64_t mean_bps() const;  // rounded down
  std::uint64_t most_bps() const;

 private:
  std::vector<Duration> ends_;  // within a period
  std::vector<std::uint64_t> rates_;
};

}  // namespace spate::sim
