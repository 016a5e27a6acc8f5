// What came of a world: judges its viewers, and sums up what nodes, network and recorder have counted.
#pragma once

#include "libcore/sim/run.h"

namespace spate::sim {

class World;

// Once, at the end.
RunResult summarise(World& world);

}  // namespace spate::sim
