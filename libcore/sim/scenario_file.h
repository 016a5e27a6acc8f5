// Scenarios as TOML, both ways. The format is in spate-scenario(5).
//
// Reading is strict: a key that is not known, a unit that is missing and a value that cannot be are errors with the
// line and what was expected. What is written reads back as the same scenario.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "libcore/sim/scenario.h"

namespace spate::sim {

struct ScenarioError {
  std::uint32_t line = 0;  // from 1; 0: the whole file
  std::string what;
};

// What a key's absence means is what `base` says.
std::variant<Scenario, ScenarioError> parse_scenario(std::string_view toml, const Scenario& base = default_scenario());

// What cannot be together, whatever the scenario was made from.
std::optional<ScenarioError> check_scenario(const Scenario& scenario);

// Every key, so that it stays the same run when defaults change.
std::string format_scenario(const Scenario& scenario);

}  // namespace spate::sim
