// Liveness: when all faults are over, every honest viewer that is there plays within 5 s, and goes on to the end; it
// is told of the end after the last packet. And what the scenario asks of each viewer.
#pragma once

#include <optional>
#include <string>

#include "libcore/sim/broadcast.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/scenario.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

// After the faults.
inline constexpr Duration kRecoveryMax = std::chrono::seconds(5);

// What became of a viewer.
struct Delivery {
  HostId host = 0;
  ViewerRecord record;
  std::optional<std::uint64_t> next;  // packet that it would have written
  bool gone = false;                  // it left, or was killed
};

// Judges an honest viewer at the end of a run. `calm`: since when there were no faults, or the end of the input if the
// run was cut short. `why` is told when a viewer has no parent.
void check_delivery(const ExpectSpec& expect, const Broadcast& broadcast, const Delivery& delivery, Instant calm,
                    Instant now, const std::string& why, Findings& findings);

}  // namespace spate::sim
