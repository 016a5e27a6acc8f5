#include "tests/catch.h"
#include "tests/unit/sim/schemes/world.h"

namespace spate::sim {

using testing::ample_world;
using testing::run_scheme;
using testing::with_loss;

TEST_CASE("random-push: with uplinks to spare everybody has everything") {
  const RunResult result = run_scheme(SchemeName::kRandomPush, ample_world());
  CHECK(result.delivered_ever == 1);
  CHECK(result.continuity == 1);
  CHECK(result.lag.max < std::chrono::milliseconds(1500));
  CHECK(result.publisher_upload_x > 1);
  CHECK(result.duplicate_packets > 0);
}

TEST_CASE("random-push: what is lost is sent again") {
  const RunResult result = run_scheme(SchemeName::kRandomPush, with_loss(ample_world()));
  CHECK(result.network.lost > 0);
  CHECK(result.delivered_ever == 1);
}

TEST_CASE("random-push: people who come and go, and the same seed twice is the same run") {
  Scenario scenario = with_loss(ample_world());
  scenario.churn.on = true;
  scenario.churn.median = std::chrono::seconds(4);
  scenario.nat.share_ppm = 300'000;
  const RunResult result = run_scheme(SchemeName::kRandomPush, scenario);
  CHECK(result.peers > scenario.peers);
  CHECK(result.delivered_ever > 0.95);
  CHECK(run_scheme(SchemeName::kRandomPush, scenario).digest == result.digest);
  ++scenario.seed;
  CHECK(run_scheme(SchemeName::kRandomPush, scenario).digest != result.digest);
}

}  // namespace spate::sim
