// Liveness: a viewer plays soon after joining; one that stays to the end is told of the end, after the last
// packet; and, where loss can be repaired, it has then played every packet since its first.
#pragma once

#include "libcore/sim/broadcast.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

struct DeliveryRules {
  Duration startup_max = std::chrono::seconds(5);
  bool complete = false;  // no packet may be missing
};

// Judges a viewer at the end of a run. `gone`: it was killed or told to leave.
void check_delivery(const DeliveryRules& rules, const Broadcast& broadcast, const Viewer& viewer, bool gone,
                    Instant now, Findings& findings);

}  // namespace spate::sim
