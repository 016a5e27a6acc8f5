// Where scenarios come from: a file, or a name of those that are shipped.
#pragma once

#include <string>
#include <vector>

#include "libcore/sim/scenario.h"

namespace spate::tools {

// "flash-crowd" or a path; a scenario without a name is called after its file. Throws ToolError(kUsage) with file, line
// and what was expected.
sim::Scenario load_scenario(const std::string& name_or_path);

struct ScenarioEntry {
  std::string name;
  std::string purpose;
};
// The shipped ones, by name.
std::vector<ScenarioEntry> list_scenarios();

}  // namespace spate::tools
