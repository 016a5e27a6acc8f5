// The ways that stripes take from the publisher to us, as our parents tell them.
#pragma once

#include <vector>

#include "libcore/swarm/parents.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

// The longest way that a stripe takes to us.
std::size_t depth(const Parents& parents);

// The ways of those stripes; none of a stripe that we have from nobody. Stripes with the same way share a route.
std::vector<wire::Route> routes(const Parents& parents, StripeMask stripes);

// Those of `asked` that a peer may have from us: not those that come through it, or by no way that we know of.
StripeMask free_of_loops(const Parents& parents, const Peer& peer, StripeMask asked);

}  // namespace spate::swarm
