// Safety: what a node keeps stays within its bounds, and the network loses count of no datagram.
#pragma once

#include "libcore/node/stats.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

void check_bounds(HostId host, const node::NodeStats& stats, const node::Fills& fills, Instant now, Findings& findings);
void check_conservation(const NetworkStats& stats, Instant now, Findings& findings);

}  // namespace spate::sim
