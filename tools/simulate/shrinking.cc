#include "tools/simulate/shrinking.h"

#include "libcore/sim/hunt.h"
#include "tools/simulate/outcome.h"
#include "tools/simulate/progress.h"
#include "tools/simulate/seeds.h"

namespace spate::tools {

sim::Scenario shrink(const sim::Scenario& scenario, const sim::RunOptions& options, int exit_code,
                     const std::function<bool()>& stop) {
  CountProgress progress("run", kShrinkRunsMax);
  const auto fails = [&](const sim::Scenario& candidate) {
    const auto body = [&](std::uint64_t, std::string&) {
      const sim::RunResult result = sim::run(candidate, options);
      return exit_code_of(result.safety_findings, result.liveness_findings);
    };
    bool same = false;
    const auto take = [&](const SeedResult& result) { same = result.exit_code == exit_code; };
    progress.show();
    for_each_seed({candidate.seed, candidate.seed}, 1, body, take, stop);
    progress.done();
    return same;
  };
  sim::Scenario smallest = sim::shrink(scenario, fails, kShrinkRunsMax);
  progress.erase();
  return smallest;
}

}  // namespace spate::tools
