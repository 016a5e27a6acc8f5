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

}  // namespace spate::sim
