#include "tests/e2e/stage.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <variant>

#include "libcore/crypto/suite.h"
#include "libcore/sim/scenario_reader.h"
#include "libcore/sim/setting.h"
#include "tests/bench/clock.h"

namespace spate::e2e {
namespace {

// What real processes over an emulator are spared, or cannot be told to do.
const char* cannot_be_staged(const sim::Scenario& scenario) {
  if (scenario.churn.on) return "viewers who come and go ([churn] on)";
  if (scenario.nat.share_ppm > 0) return "address translators";
  if (!scenario.hostile.empty()) return "hostile hosts";
  if (scenario.map.kind == sim::MapSpec::Kind::kMatrix) return "a matrix of delays";
  for (const sim::Fault& fault : scenario.faults)
    if (fault.kind != sim::Fault::Kind::kKill) return "faults other than kill";
  return nullptr;
}

}  // namespace

sim::Scenario read_scenario(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  auto parsed = sim::parse_scenario(text.str());
  if (const auto* error = std::get_if<sim::ScenarioError>(&parsed))
    throw std::runtime_error(path + ":" + std::to_string(error->line) + ": " + error->what);
  sim::Scenario scenario = std::get<sim::Scenario>(std::move(parsed));
  if (const char* what = cannot_be_staged(scenario))
    throw std::runtime_error(path + ": cannot be staged with real processes: " + what);
  return scenario;
}

Stage::Stage(sim::Scenario scenario, std::int64_t start_ns)
    : scenario_(std::move(scenario)),
      rng_(scenario_.seed),
      broadcast_(sim::broadcast_config(scenario_)),
      start_ns_(start_ns) {}

Instant Stage::now() const {
  return Instant{} + Duration(std::max<std::int64_t>(0, bench::monotonic_ns() - start_ns_));
}

Arguments read_arguments(int argc, char** argv, const char* usage) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s\n", usage);
    std::exit(2);
  }
  crypto::initialise();
  return {Stage(read_scenario(argv[1]), std::strtoll(argv[2], nullptr, 10)), {argv + 3, argv + argc}};
}

}  // namespace spate::e2e
