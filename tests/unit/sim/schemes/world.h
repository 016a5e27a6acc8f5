// Small worlds for the baselines.
#pragma once

#include "libcore/sim/schemes/stage.h"

namespace spate::sim::testing {

// Everybody stays, and has an uplink of ten times the stream without loss.
inline Scenario ample_world() {
  Scenario scenario = default_scenario();
  scenario.name = "ample";
  scenario.peers = 12;
  scenario.duration = std::chrono::seconds(8);
  scenario.calm = std::chrono::seconds(2);
  scenario.stream.rate_bps = 500'000;
  scenario.churn.on = false;
  scenario.nat = {};
  LinkClass home;
  home.up.rate_bps = 5'000'000;
  home.up.delay = home.down.delay = std::chrono::milliseconds(2);
  scenario.publisher = home;
  scenario.viewers = {home};
  return scenario;
}

inline Scenario with_loss(Scenario scenario) {
  scenario.viewers[0].down.loss_ppm = 20'000;
  return scenario;
}

inline RunResult run_scheme(SchemeName scheme, const Scenario& scenario) {
  Stage stage(scheme, scenario, {});
  stage.run_to_the_end();
  return stage.result();
}

}  // namespace spate::sim::testing
