// What the checkers found. Safety: something wrong was seen (bytes out of order, a datagram too large). Liveness:
// something good did not happen in time (a viewer that never plays).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/sim/event_queue.h"

namespace spate::sim {

enum class Rule : std::uint8_t { kSafety, kLiveness };

// In place of a host: it is of all together.
inline constexpr HostId kWholeRun = UINT32_MAX;

struct Finding {
  Rule rule;
  Instant time;
  HostId host;       // or kWholeRun
  std::string what;  // one line
};

// Keeps the first of them and counts the rest.
class Findings {
 public:
  static constexpr std::size_t kKept = 20;

  void add(Rule rule, Instant time, HostId host, std::string what) {
    ++(rule == Rule::kSafety ? safety_ : liveness_);
    if (kept_.size() < kKept) kept_.push_back({rule, time, host, std::move(what)});
  }

  std::uint64_t safety() const { return safety_; }
  std::uint64_t liveness() const { return liveness_; }
  bool none() const { return safety_ + liveness_ == 0; }
  std::span<const Finding> kept() const { return kept_; }

 private:
  std::vector<Finding> kept_;
  std::uint64_t safety_ = 0;
  std::uint64_t liveness_ = 0;
};

}  // namespace spate::sim
