// Whole files of text, in and out.
#pragma once

#include <string>

namespace spate::tools {

std::string read_file(const std::string& path);                     // throws ToolError(kUsage)
void write_file(const std::string& path, const std::string& text);  // throws ToolError(kRuntime)
void check_writable(const std::string& path);                       // leaves nothing there; throws ToolError(kRuntime)

}  // namespace spate::tools
