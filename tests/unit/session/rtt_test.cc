#include "libcore/session/rtt.h"

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr Instant kStart{std::chrono::hours(1)};
}

TEST_CASE("rtt: the first sample is believed, with a quarter of it as deviation", "[session]") {
  RttEstimator rtt;
  CHECK_FALSE(rtt.known());
  rtt.add(milliseconds(80), kStart);
  CHECK(rtt.known());
  CHECK(rtt.smoothed() == milliseconds(80));
  CHECK(rtt.minimum() == milliseconds(80));
  CHECK(rtt.timeout() == milliseconds(80 + 4 * 20 + 5));
}

TEST_CASE("rtt: later samples move the estimate by an eighth and the deviation by a quarter", "[session]") {
  RttEstimator rtt;
  rtt.add(milliseconds(80), kStart);
  rtt.add(milliseconds(160), kStart + seconds(1));
  CHECK(rtt.smoothed() == milliseconds(90));
  CHECK(rtt.timeout() == milliseconds(90 + 4 * (3 * 20 + 80) / 4 + 5));
}

TEST_CASE("rtt: a steady path's timeout comes down to its round trip and the guard", "[session]") {
  RttEstimator rtt;
  for (int i = 0; i < 200; ++i) rtt.add(milliseconds(40), kStart + i * milliseconds(100));
  CHECK(rtt.timeout() >= milliseconds(45));
  CHECK(rtt.timeout() < milliseconds(46));
}

TEST_CASE("rtt: after an outage that held answers up for seconds, no answer is waited for longer than a second",
          "[session]") {
  RttEstimator rtt;
  rtt.add(milliseconds(80), kStart);
  rtt.add(seconds(7), kStart + seconds(8));
  CHECK(rtt.timeout() == RttEstimator::kTimeoutMax);
}

TEST_CASE("rtt: the minimum forgets what is more than 20 s old and nothing younger than 10 s", "[session]") {
  RttEstimator rtt;
  rtt.add(milliseconds(10), kStart);
  for (int t = 1; t <= 40; ++t) {
    rtt.add(milliseconds(50), kStart + seconds(t));
    CAPTURE(t);
    if (t <= 10) CHECK(rtt.minimum() == milliseconds(10));
    if (t > 22) CHECK(rtt.minimum() == milliseconds(50));
  }
}

TEST_CASE("rtt: a negative sample is no sample", "[session]") {
  RttEstimator rtt;
  rtt.add(milliseconds(-1), kStart);
  CHECK_FALSE(rtt.known());
}
