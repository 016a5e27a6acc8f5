#include "tools/simulate/scenarios.h"

#include <algorithm>
#include <filesystem>

#include "libcore/sim/scenario_reader.h"
#include "tools/exit_code.h"
#include "tools/simulate/files.h"

namespace spate::tools {
namespace {

namespace fs = std::filesystem;

// Installed, and in the source tree that the program was built in.
std::vector<fs::path> shipped_folders() {
  std::error_code error;
  const fs::path bin = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {bin.parent_path() / "share/spate/scenarios", bin.parent_path().parent_path() / "tests/scenarios"};
}

fs::path find_scenario(const std::string& name_or_path) {
  std::error_code error;
  if (name_or_path.find('/') == name_or_path.npos && !name_or_path.ends_with(".toml")) {
    for (const fs::path& folder : shipped_folders())
      if (fs::path file = folder / (name_or_path + ".toml"); fs::is_regular_file(file, error)) return file;
    throw ToolError(kUsage,
                    "no scenario is called '" + name_or_path + "'; --list names them, and a file ends in .toml");
  }
  const fs::file_status status = fs::status(name_or_path, error);
  if (fs::is_directory(status)) throw ToolError(kUsage, name_or_path + " is a folder: name a scenario's file");
  if (!fs::exists(status)) throw ToolError(kUsage, name_or_path + ": no such file");
  if (!fs::is_regular_file(status)) throw ToolError(kUsage, name_or_path + " is not a regular file");
  return name_or_path;
}

}  // namespace

sim::Scenario load_scenario(const std::string& name_or_path) {
  const fs::path path = find_scenario(name_or_path);
  auto parsed = sim::parse_scenario(read_file(path.string()));
  if (const auto* error = std::get_if<sim::ScenarioError>(&parsed)) {
    const std::string line = error->line > 0 ? ":" + std::to_string(error->line) : "";
    throw ToolError(kUsage, path.string() + line + ": " + error->what);
  }
  sim::Scenario scenario = std::get<sim::Scenario>(std::move(parsed));
  if (scenario.name == sim::default_scenario().name) scenario.name = path.stem().string();
  return scenario;
}

std::vector<ScenarioEntry> list_scenarios() {
  std::vector<ScenarioEntry> all;
  std::error_code error;
  for (const fs::path& folder : shipped_folders()) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() != ".toml") continue;
      all.push_back({entry.path().stem().string(), load_scenario(entry.path().string()).purpose});
    }
    if (!all.empty()) break;
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace spate::tools
