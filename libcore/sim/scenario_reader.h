// Scenarios from TOML. The format is in spate-scenario(5).
//
// Reading is strict: a key that is not known, a unit that is missing and a value that cannot be are errors with the
// line and what was expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "libcore/sim/scenario.h"

namespace spate::sim {

struct ScenarioError {
  std::uint32_t line = 0;  // from 1
  std::string what;
};

// What a key's absence means is what `base` says.
std::variant<Scenario, ScenarioError> parse_scenario(std::string_view toml, const Scenario& base = default_scenario());

}  // namespace spate::sim
