// A run as files of comma-separated values, one table a file, each with a line of headings; spate-simulate(1) lists
// them.
#pragma once

#include <string>

#include "tools/simulate/outcome.h"

namespace spate::tools {

// Makes the folder if it is not there. Throws ToolError(kRuntime) if it cannot be written to.
void prepare_csv(const std::string& folder);
// Throws ToolError(kRuntime).
void write_csv(const std::string& folder, const Outcome& outcome);

}  // namespace spate::tools
