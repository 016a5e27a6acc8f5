// Runs another program as a filter: text into its standard input, its standard output back.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace spate::tools {

// Is there such a program in the PATH?
bool program_exists(const std::string& name);

// The program's output; nothing if it could not be run, or ended with anything but 0. Its standard error is ours.
// SIGPIPE must be ignored.
std::optional<std::string> filter(const std::vector<std::string>& command, const std::string& input);

}  // namespace spate::tools
