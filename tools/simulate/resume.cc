#include "tools/simulate/resume.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "libcore/sim/digest.h"
#include "libcore/sim/scenario_writer.h"
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

RunIdentity identity_of(const sim::Scenario& scenario, const sim::RunOptions& options) {
  sim::Scenario seedless = scenario;
  seedless.seed = 0;
  const std::string text = sim::format_scenario(seedless);
  sim::Digest digest;
  digest.add(sim::hash_bytes(as_bytes(text)));
  if (options.matrix != nullptr)
    for (const std::uint32_t us : options.matrix->us) digest.add(us);
  return {scenario.name, hexadecimal(digest.value()), sim::crypto_name(options.crypto)};
}

Done read_done(const std::string& path, const std::function<RunIdentity(std::uint64_t seed)>& expected) {
  Done done;
  const std::string file = read_file(path);
  done.line_is_open = !file.empty() && file.back() != '\n';
  std::istringstream text(file);
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!is_run(json)) continue;
    const auto seed = json["seed"].get<std::uint64_t>();
    const RunIdentity now = expected(seed);
    const auto compare = [&](const char* key, const std::string& asked) {
      const bool says = json.contains(key) && json[key].is_string();
      const auto recorded = says ? json[key].get<std::string>() : "";
      if (recorded != asked)
        throw ToolError(kUsage, path + ":" + std::to_string(number) + ": its '" + key + "' is '" + recorded +
                                    "', not '" + asked + "': --resume goes on with the same runs only");
    };
    compare("scenario", now.scenario);
    compare("crypto", now.crypto);
    compare("scenario_hash", now.scenario_hash);
    done.seeds[seed] =
        exit_code_of(json["safety_findings"].get<std::uint64_t>(), json["liveness_findings"].get<std::uint64_t>());
  }
  return done;
}

}  // namespace spate::tools
