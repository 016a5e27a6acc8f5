#include "libcore/sim/codel.h"

#include <vector>

#include "tests/catch.h"

namespace spate::sim {

using std::chrono::milliseconds;

TEST_CASE("a queue that is short, or long for less than an interval, loses nothing") {
  CoDel codel;
  for (int i = 0; i < 1'000; ++i) REQUIRE(!codel.drops(milliseconds(4), Instant{} + milliseconds(i), false));
  for (int i = 1'000; i < 10'000; ++i)
    REQUIRE(!codel.drops(milliseconds(i % 90 == 0 ? 1 : 50), Instant{} + milliseconds(i), false));
}

TEST_CASE("a slow link's own pace is no standing queue") {
  CoDel codel;
  for (int i = 0; i < 1'000; ++i) REQUIRE(!codel.drops(milliseconds(12), Instant{} + milliseconds(12 * i), true));
}

TEST_CASE("a standing queue loses a packet after an interval, and then more and more often") {
  CoDel codel;
  std::vector<int> drops;
  for (int i = 0; i < 1'000; ++i)
    if (codel.drops(milliseconds(20), Instant{} + milliseconds(1 + i), false)) drops.push_back(i);
  REQUIRE(drops.size() > 5);
  // 100 ms after it was first too long; then after 100 / sqrt(1), 100 / sqrt(2), 100 / sqrt(3) ms.
  CHECK(drops[0] == 100);
  CHECK(drops[1] == 200);
  CHECK(drops[2] == 271);
  CHECK(drops[3] == 329);

  SECTION("a wait below the target ends it") {
    CHECK(!codel.drops(milliseconds(4), Instant{} + milliseconds(1'001), false));
    for (int i = 1'002; i < 1'101; ++i) REQUIRE(!codel.drops(milliseconds(20), Instant{} + milliseconds(i), false));
  }
  SECTION("soon after, it goes on at its pace") {
    CHECK(!codel.drops(milliseconds(4), Instant{} + milliseconds(1'001), false));
    int again = 0;
    for (int i = 1'002; i < 1'302; ++i)
      again += codel.drops(milliseconds(20), Instant{} + milliseconds(i), false) ? 1 : 0;
    CHECK(again > 4);
  }
}

}  // namespace spate::sim
