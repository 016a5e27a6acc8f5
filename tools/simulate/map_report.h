// How far the built-in world is from a measured matrix, as text and as JSON; spate-simulate(1), "Comparing the built-in
// world".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "libcore/sim/map_comparison.h"

namespace spate::tools {

// `places` is the file with the places of the matrix's rows, or empty. Throws ToolError(kUsage) if a file is wrong, the
// two do not fit, or nothing is left to compare.
sim::MapComparison compare_map(const std::string& matrix, const std::string& places);

std::string to_table(const sim::MapComparison& comparison);
nlohmann::ordered_json to_json(const sim::MapComparison& comparison);

}  // namespace spate::tools
