// Measured round trips, from files: a matrix, and the places of its rows.
#pragma once

#include <string>
#include <vector>

#include "libcore/sim/map_comparison.h"
#include "libcore/sim/matrix_delay.h"

namespace spate::tools {

// Throw ToolError(kUsage) with file, line and what was expected.
sim::RttMatrix load_matrix(const std::string& path);
std::vector<sim::MapPlace> load_places(const std::string& path);

}  // namespace spate::tools
