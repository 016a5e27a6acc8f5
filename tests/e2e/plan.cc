// e2e-plan SCENARIO 0: who is on which host and what it is told on its command line, as the simulator draws it, in one
// line of JSON.

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "tests/e2e/stage.h"

namespace {

using namespace spate;
using nlohmann::json;

json host_json(const sim::Scenario& scenario, const Rng& rng, sim::HostId host) {
  static constexpr const char* kRoles[] = {"publish", "relay", "watch"};
  const sim::Resident resident = sim::draw_resident(scenario, rng, host);
  return {{"role", kRoles[static_cast<int>(resident.role)]},
          {"children", resident.capacity_milli / 1'000},
          {"upload_limit_bps", resident.upload_limit_bps},
          {"arrives_s", to_seconds(sim::draw_arrival(scenario, rng, host))}};
}

json plan(const e2e::Stage& stage) {
  const sim::Scenario& scenario = stage.scenario();
  json hosts = json::array();
  for (sim::HostId host = 0; host < scenario.peers; ++host) hosts.push_back(host_json(scenario, stage.rng(), host));
  const json latency = scenario.latency ? json(to_ms(*scenario.latency)) : json(nullptr);
  return {{"name", scenario.name},
          {"seed", scenario.seed},
          {"rate_bps", scenario.stream.rate_bps},
          {"duration_s", to_seconds(scenario.duration)},
          {"warm_up_s", to_seconds(scenario.warm_up)},
          {"calm_s", to_seconds(scenario.calm)},
          {"arrivals_s", to_seconds(scenario.arrivals.within)},
          {"latency_ms", latency},
          {"complete", scenario.expect.complete},
          {"hosts", hosts}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::puts(plan(e2e::read_arguments(argc, argv, "e2e-plan SCENARIO 0").stage).dump().c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "e2e-plan: %s\n", e.what());
    return 2;
  }
}
