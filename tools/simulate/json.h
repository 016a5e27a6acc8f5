// A run as one JSON object; spate-simulate(1), "The report", says what each field means.
#pragma once

#include <nlohmann/json.hpp>

#include "tools/simulate/outcome.h"

namespace spate::tools {

nlohmann::ordered_json to_json(const Outcome& outcome);

// To six places: more would be noise.
double rounded(double value);

}  // namespace spate::tools
