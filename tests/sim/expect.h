// The world that the swarm tests begin with, and what they expect of a run, said once.
#pragma once

#include <sstream>

#include "libcore/sim/run.h"
#include "tests/catch.h"

namespace spate::sim {

// Everybody has uplink to spare, and stays; loss and jitter are up to the test.
inline Scenario plain_scenario(std::uint32_t peers, Duration duration, std::uint64_t seed) {
  Scenario s;
  s.peers = peers;
  s.duration = duration;
  s.calm = {};
  s.seed = seed;
  s.stream.rate_bps = 2'000'000;
  s.publisher_children = 8;
  s.viewer_children = 4;
  s.upload_limits = false;
  s.map.kind = MapSpec::Kind::kPlane;
  s.churn.on = false;
  s.publisher.up.rate_bps = s.publisher.down.rate_bps = 100'000'000;
  s.publisher.up.queue_bytes = s.publisher.down.queue_bytes = 512 * 1024;
  s.viewers.resize(1);
  s.viewers[0].up.rate_bps = 50'000'000;
  s.viewers[0].down.rate_bps = 100'000'000;
  s.viewers[0].up.queue_bytes = s.viewers[0].down.queue_bytes = 512 * 1024;
  s.expect.complete = true;
  s.expect.startup_max = std::chrono::seconds(5);
  return s;
}

// On every host, half on the way up and half on the way down, in spells of 5 ms on average.
inline void add_loss(Scenario& s, std::uint32_t ppm) {
  for (LinkClass* link : {&s.publisher, &s.viewers[0]}) {
    link->up.loss_ppm = ppm / 2;
    link->down.loss_ppm = ppm - ppm / 2;
    link->up.loss_burst = link->down.loss_burst = std::chrono::milliseconds(5);
  }
}

// On every host's way up, reordering.
inline void add_jitter(Scenario& s, Duration mean) {
  for (LinkClass* link : {&s.publisher, &s.viewers[0]}) link->up.jitter = mean;
}

// No checker found anything; if one did, say what.
inline void expect_no_findings(const RunResult& result) {
  std::ostringstream found;
  for (const Finding& finding : result.findings)
    found << "seed " << result.seed << ", " << to_seconds(finding.time - Instant{}) << " s, host " << finding.host
          << ": " << finding.what << '\n';
  INFO(found.str());
  CHECK(result.safety_findings == 0);
  CHECK(result.liveness_findings == 0);
}

// Every viewer wrote every packet from its first to the last, and no byte besides.
inline void expect_complete(const RunResult& result) {
  expect_no_findings(result);
  CHECK(result.delivered_ever == 1);
  CHECK(result.continuity == 1);
  CHECK(result.forged_packets == 0);
}

}  // namespace spate::sim
