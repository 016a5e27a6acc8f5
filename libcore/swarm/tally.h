// The machines' counters and gauges, put together for StreamStats.
#pragma once

#include "libcore/swarm/children.h"
#include "libcore/swarm/member.h"
#include "libcore/swarm/publisher.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/stats.h"

namespace spate::swarm {

// Each sets its own. A reception that plays overrides what the children say of bytes_out, so children come first.
void add_children(StreamStats& stats, const Children& children);
void add_publisher(StreamStats& stats, const Publisher& publisher);
// Begins a new period of lags. `plays`: what goes out is what is played.
void add_reception(StreamStats& stats, Reception& reception, bool plays, Instant now);
void add_member(StreamStats& stats, const Member& member);

}  // namespace spate::swarm
