// A run as a table for people: one screen, in groups.
#pragma once

#include <string>

#include "tools/simulate/outcome.h"

namespace spate::tools {

std::string to_table(const Outcome& outcome);

}  // namespace spate::tools
