#include "tools/simulate/files.h"

#include <fstream>
#include <sstream>

#include "tools/exit_code.h"

namespace spate::tools {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || file.bad()) throw ToolError(kUsage, path + ": cannot be read");
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw ToolError(kRuntime, "cannot write " + path);
}

}  // namespace spate::tools
