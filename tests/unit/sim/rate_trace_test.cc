#include "libcore/sim/rate_trace.h"

#include "tests/catch.h"

namespace spate::sim {

using std::chrono::milliseconds;

TEST_CASE("a trace's steps follow one another and repeat") {
  const RateTrace trace({{milliseconds(100), 5'000}, {milliseconds(50), 0}, {milliseconds(10), 7}});
  CHECK(trace.period() == milliseconds(160));
  for (int round = 0; round < 3; ++round) {
    const Instant start = Instant{} + round * trace.period();
    CHECK(trace.at(start).rate_bps == 5'000);
    CHECK(trace.at(start).until == start + milliseconds(100));
    CHECK(trace.at(start + milliseconds(100) - Duration(1)).rate_bps == 5'000);
    CHECK(trace.at(start + milliseconds(100)).rate_bps == 0);
    CHECK(trace.at(start + milliseconds(149)).until == start + milliseconds(150));
    CHECK(trace.at(start + milliseconds(155)).rate_bps == 7);
    CHECK(trace.at(start + milliseconds(155)).until == start + milliseconds(160));
  }
}

TEST_CASE("a trace tells its steps, its mean and its highest rate") {
  const RateTrace trace({{milliseconds(100), 5'000}, {milliseconds(50), 0}, {milliseconds(10), 7'001}});
  const std::vector<RateStep> steps = trace.steps();
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].duration == milliseconds(100));
  CHECK(steps[1].duration == milliseconds(50));
  CHECK(steps[1].rate_bps == 0);
  CHECK(steps[2].duration == milliseconds(10));
  CHECK(steps[2].rate_bps == 7'001);
  CHECK(trace.mean_bps() == (500'000 + 70'010) / 160);
  CHECK(trace.most_bps() == 7'001);
  // An hour at 100 Gbit/s is more than fits 64 bits.
  CHECK(RateTrace({{std::chrono::hours(1), 100'000'000'000}}).mean_bps() == 100'000'000'000);
}

}  // namespace spate::sim
