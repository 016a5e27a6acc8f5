// Which stripe a member is to pass on.
#pragma once

#include "libcore/swarm/candidates.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

// The stripe with the fewest free slots among those we know of; of equals, any, but by `self`, so that others choose
// others.
unsigned scarcest_stripe(const Striping& striping, wire::ShortId self, const Peers& peers,
                         const Candidates& candidates);

}  // namespace spate::swarm
