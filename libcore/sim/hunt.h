// Hunting for failures: a scenario drawn from a seed, and a failing one cut down to what is needed to fail.
#pragma once

#include <cstdint>
#include <functional>

#include "libcore/sim/scenario.h"

namespace spate::sim {

// A world in which every honest viewer must play when the faults are over: enough slots, and hostile hosts in the
// minority. Whole classes of fault are switched on or off, and the rest is drawn wildly: what is always a little wrong
// hides what goes wrong alone.
Scenario draw_scenario(std::uint64_t seed, std::uint32_t peers, Duration duration);

// The smallest scenario found that still fails, by taking away faults, kinds of trouble, hosts and time, one after the
// other as long as something helps. Calls `fails` at most `runs_max` times. REQUIRES fails(scenario).
Scenario shrink(const Scenario& scenario, const std::function<bool(const Scenario&)>& fails, int runs_max);

}  // namespace spate::sim
