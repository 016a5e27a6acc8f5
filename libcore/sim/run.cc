#include "libcore/sim/run.h"

#include "libcore/sim/world.h"

namespace spate::sim {

RunResult run(const RunConfig& config) {
  World world(config);
  world.run_to_the_end();
  return world.result();
}

}  // namespace spate::sim
