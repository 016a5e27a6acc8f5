// What the swarm tests expect of a run, said once.
#pragma once

#include "libcore/sim/run.h"
#include "tests/catch.h"

namespace spate::sim {

// No checker found anything; if one did, say what.
inline void expect_no_findings(const RunResult& result) {
  for (const Finding& finding : result.findings)
    UNSCOPED_INFO("seed " << result.seed << ", " << to_seconds(finding.time - Instant{}) << " s, host " << finding.host
                          << ": " << finding.what);
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
