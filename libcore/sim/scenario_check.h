// What cannot be together in a scenario, whatever it was made from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libcore/sim/scenario.h"

namespace spate::sim {

struct KeyPlace {
  std::string_view table;  // empty: before the first table
  std::string_view key;
  std::size_t index = 0;  // of the tables with that name
};

struct Contradiction {
  std::string what;              // one line
  std::vector<KeyPlace> places;  // the keys it is about; the one that is likelier to be wrong comes first
};

// Such hostile hosts take no `at`.
bool begins_at_once(HostileSpec::Kind kind);

std::optional<Contradiction> check_scenario(const Scenario& scenario);

}  // namespace spate::sim
