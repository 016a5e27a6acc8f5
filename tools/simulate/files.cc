#include "tools/simulate/files.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tools/exit_code.h"

namespace spate::tools {

std::string read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw ToolError(kUsage, path + " is a folder: name a file");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || file.bad()) throw ToolError(kUsage, path + ": cannot be read");
  return text.str();
}

void check_writable(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::exists(path, error);
  if (!std::ofstream(path, std::ios::app)) throw ToolError(kRuntime, "cannot write " + path);
  if (!there) std::filesystem::remove(path, error);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw ToolError(kRuntime, "cannot write " + path);
}

}  // namespace spate::tools
