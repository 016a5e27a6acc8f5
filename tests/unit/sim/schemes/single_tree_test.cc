#include "tests/catch.h"
#include "tests/unit/sim/schemes/world.h"

namespace spate::sim {

using testing::ample_world;
using testing::run_scheme;
using testing::with_loss;

TEST_CASE("single-tree: with uplinks to spare everybody has everything") {
  const RunResult result = run_scheme(SchemeName::kSingleTree, ample_world());
  CHECK(result.delivered_ever == 1);
  CHECK(result.continuity == 1);
  CHECK(result.lag.max < std::chrono::milliseconds(1500));
  CHECK(result.publisher_upload_x > 1);
  CHECK(result.depth_max >= 2);
  CHECK(result.duplicate_packets == 0);
}

TEST_CASE("single-tree: what is lost is sent again") {
  const RunResult result = run_scheme(SchemeName::kSingleTree, with_loss(ample_world()));
  CHECK(result.network.lost > 0);
  CHECK(result.delivered_ever == 1);
}

TEST_CASE("single-tree: people who come and go, and the same seed twice is the same run") {
  Scenario scenario = with_loss(ample_world());
  scenario.churn.on = true;
  scenario.churn.median = std::chrono::seconds(4);
  scenario.nat.share_ppm = 300'000;
  const RunResult result = run_scheme(SchemeName::kSingleTree, scenario);
  CHECK(result.peers > scenario.peers);
  CHECK(result.delivered_ever > 0.95);
  CHECK(run_scheme(SchemeName::kSingleTree, scenario).digest == result.digest);
  ++scenario.seed;
  CHECK(run_scheme(SchemeName::kSingleTree, scenario).digest != result.digest);
}

TEST_CASE("single-tree: a host serves no more than its uplink carries, and who can serve goes before who cannot") {
  Scenario scenario = ample_world();
  scenario.publisher.up.rate_bps = 600'000;  // one child
  LinkClass thin = scenario.viewers[0];
  thin.up.rate_bps = 100'000;
  thin.share = 3;
  scenario.viewers.push_back(thin);
  const RunResult result = run_scheme(SchemeName::kSingleTree, scenario);
  CHECK(result.publisher_upload_x < 1.3);
  CHECK(result.delivered_ever > 0.95);
}

}  // namespace spate::sim
