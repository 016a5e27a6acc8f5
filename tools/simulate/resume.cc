#include "tools/simulate/resume.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/exit_code.h"
#include "tools/simulate/files.h"
#include "tools/simulate/outcome.h"

namespace spate::tools {
namespace {

bool is_run(const nlohmann::json& json) {
  if (!json.is_object()) return false;
  const auto counts = [&](const char* key) { return json.contains(key) && json[key].is_number_unsigned(); };
  const auto says = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
  return counts("seed") && counts("safety_findings") && counts("liveness_findings") && says("scenario") &&
         says("crypto");
}

}  // namespace

std::map<std::uint64_t, int> read_done(const std::string& path,
                                       const std::function<RunIdentity(std::uint64_t seed)>& expected) {
  std::map<std::uint64_t, int> done;
  std::istringstream text(read_file(path));
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!is_run(json)) continue;
    const auto seed = json["seed"].get<std::uint64_t>();
    const RunIdentity now = expected(seed);
    const auto compare = [&](const char* key, const std::string& asked) {
      const auto recorded = json[key].get<std::string>();
      if (recorded != asked)
        throw ToolError(kUsage, path + ":" + std::to_string(number) + ": its " + key + " is '" + recorded + "', not '" +
                                    asked + "': --resume goes on with the same runs only");
    };
    compare("scenario", now.scenario);
    compare("crypto", now.crypto);
    done[seed] =
        exit_code_of(json["safety_findings"].get<std::uint64_t>(), json["liveness_findings"].get<std::uint64_t>());
  }
  return done;
}

}  // namespace spate::tools
