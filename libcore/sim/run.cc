#include "libcore/sim/run.h"

#include "libcore/sim/world.h"

namespace spate::sim {

RunResult run(const Scenario& scenario, const RunOptions& options) {
  World world(scenario, options);
  world.run_to_the_end();
  return world.result();
}

}  // namespace spate::sim
