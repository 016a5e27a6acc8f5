// Scenarios as TOML. The format is in spate-scenario(5).
#pragma once

#include <string>

#include "libcore/sim/scenario.h"

namespace spate::sim {

// Every key, so that it stays the same run when defaults change. Reads back as the same scenario.
std::string format_scenario(const Scenario& scenario);
// What differs from `base`, for people. Reads back as the same scenario where parse_scenario() has that base.
std::string format_scenario(const Scenario& scenario, const Scenario& base);

}  // namespace spate::sim
