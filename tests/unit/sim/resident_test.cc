#include "libcore/sim/resident.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {

using std::chrono::seconds;

TEST_CASE("a host plans with what its changing uplink carries on average") {
  Scenario s = default_scenario();
  s.stream.rate_bps = 1'000'000;
  s.viewers.resize(1);
  s.viewers[0].up_times_milli = 100'000;
  s.viewers[0].up.trace = std::make_shared<const RateTrace>(
      std::vector<RateStep>{{seconds(1), 9'000'000}, {seconds(2), 1'500'000}, {seconds(1), 0}});
  s.viewers[0].traces_in_step = true;
  const Resident viewer = draw_resident(s, crypto::ChaChaRng(1), 7);
  CHECK(viewer.up.rate_bps == 3'000'000);
  CHECK(viewer.upload_limit_bps == 2'910'000);
  CHECK(viewer.capacity_milli == 2'450);  // a child costs 19/16 of the stream
  CHECK(viewer.up.trace == s.viewers[0].up.trace);
  CHECK(viewer.up.trace_in_step);
}

}  // namespace spate::sim
