// What cannot be together in a scenario, whatever it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libcore/sim/scenario.h"

namespace spate::sim {

struct ScenarioError {
  std::uint32_t line = 0;  // from 1; 0: the whole file
  std::string what;
};

std::optional<ScenarioError> check_scenario(const Scenario& scenario);

}  // namespace spate::sim
