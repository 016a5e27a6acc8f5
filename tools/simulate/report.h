// A run as one page to look at: figures, pictures, and how to run it again. The page holds all it needs.
#pragma once

#include <string>

#include "tools/simulate/outcome.h"

namespace spate::tools {

// Throws ToolError(kRuntime) if the page could not be made: gnuplot is missing, or the file cannot be written.
void prepare_report(const std::string& path);
// Throws ToolError(kRuntime).
void write_report(const std::string& path, const Outcome& outcome);

}  // namespace spate::tools
