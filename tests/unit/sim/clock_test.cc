#include "libcore/sim/clock.h"

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/draws.h"
#include "tests/catch.h"

namespace spate::sim {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a clock without drift shows another time") {
  const HostClock clock({hours(3), 0});
  CHECK(clock.local(Instant{} + seconds(1)) == Instant{} + hours(3) + seconds(1));
  CHECK(clock.first_showing(Instant{} + hours(4)) == Instant{} + hours(1));
  CHECK(clock.first_showing(Instant{}) == Instant{});
  CHECK(clock.local(kNever) == kNever);
  CHECK(clock.first_showing(kNever) == kNever);
}

TEST_CASE("a clock that drifts gains or loses its millionths") {
  CHECK(HostClock({{}, 50}).local(Instant{} + hours(1)) == Instant{} + hours(1) + milliseconds(180));
  CHECK(HostClock({{}, -50}).local(Instant{} + hours(1)) == Instant{} + hours(1) - milliseconds(180));
  // A year at half pace, to the nanosecond.
  CHECK(HostClock({{}, -500'000}).local(Instant{} + hours(8'760)) == Instant{} + hours(4'380));
}

TEST_CASE("the two directions of a clock agree to the nanosecond") {
  crypto::ChaChaRng rng(5);
  Draws draws(rng);
  for (int i = 0; i < 20'000; ++i) {
    const auto drift =
        static_cast<std::int32_t>(draws.below(i % 2 == 0 ? 200 : 1'900'000)) - (i % 2 == 0 ? 100 : 950'000);
    HostClock clock({draws.between(Duration::zero(), hours(1'000)), drift});
    Instant change{};
    if (i % 3 == 0) {
      change += draws.between(Duration::zero(), seconds(10));
      clock.jump(draws.between(Duration::zero(), seconds(10)), change);
    }
    const Instant now = change + draws.between(Duration(1), i % 5 == 0 ? Duration(hours(5'000)) : microseconds(10));
    const Instant shown = clock.local(now);
    REQUIRE(clock.local(now + Duration(1)) >= shown);
    const Instant first = clock.first_showing(shown);
    REQUIRE(first <= now);
    REQUIRE(clock.local(first) >= shown);
    if (first > change) REQUIRE(clock.local(first - Duration(1)) < shown);
    const Instant wanted = shown + draws.between(Duration::zero(), microseconds(3));
    REQUIRE(clock.local(clock.first_showing(wanted)) >= wanted);
  }
}

TEST_CASE("a clock jumps ahead and goes on from there") {
  HostClock clock({hours(1), 100'000});
  const Instant now = Instant{} + seconds(10);
  REQUIRE(clock.local(now) == Instant{} + hours(1) + seconds(11));
  clock.jump(seconds(5), now);
  CHECK(clock.local(now) == Instant{} + hours(1) + seconds(16));
  CHECK(clock.local(now + seconds(10)) == Instant{} + hours(1) + seconds(27));
  // What it jumped over is shown at once.
  CHECK(clock.first_showing(Instant{} + hours(1) + seconds(14)) == now);
}

}  // namespace spate::sim
