#include "tools/simulate/shrinking.h"

#include <string>

#include "libcore/sim/hunt.h"
#include "tools/exit_code.h"
#include "tools/simulate/outcome.h"
#include "tools/simulate/progress.h"
#include "tools/simulate/seeds.h"

namespace spate::tools {
namespace {

// The kinds of findings that the exit code is for, each between ends of lines.
std::string kinds_of(const sim::RunResult& result, int exit_code) {
  const sim::Rule rule = exit_code == kSafetyBroken ? sim::Rule::kSafety : sim::Rule::kLiveness;
  std::string kinds = "\n";
  for (const sim::Finding& finding : result.findings)
    if (finding.rule == rule) kinds += kind_of(finding) + "\n";
  return kinds;
}

// Only an end of a line if there is none, as of a crash: that is among all others.
std::string first_of(const std::string& kinds) { return kinds.substr(0, kinds.find('\n', 1) + 1); }

}  // namespace

sim::Scenario shrink(const sim::Scenario& scenario, const sim::RunOptions& options, int exit_code,
                     const std::function<bool()>& stop) {
  CountProgress progress("run", kShrinkRunsMax);
  const auto run = [&](const sim::Scenario& candidate) {
    const auto body = [&](std::uint64_t, std::string& kinds) {
      const sim::RunResult result = sim::run(candidate, options);
      const int code = exit_code_of(result.safety_findings, result.liveness_findings);
      kinds = kinds_of(result, code);
      return code;
    };
    SeedResult ended;
    const auto take = [&](const SeedResult& result) { ended = result; };
    progress.show();
    for_each_seed({candidate.seed, candidate.seed}, 1, body, take, stop);
    progress.done();
    return ended;
  };
  const std::string same = first_of(run(scenario).line);
  const auto fails = [&](const sim::Scenario& candidate) {
    const SeedResult ended = run(candidate);
    return ended.exit_code == exit_code && ended.line.find(same) != std::string::npos;
  };
  sim::Scenario smallest = sim::shrink(scenario, fails, kShrinkRunsMax - 1);
  progress.erase();
  return smallest;
}

}  // namespace spate::tools
