#include "libcore/sim/delay.h"

#include <algorithm>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {

using std::chrono::milliseconds;

TEST_CASE("delays on the plane are symmetric, in range, varied, and obey the triangle inequality") {
  constexpr HostId kHosts = 60;
  PlaneDelay delays(crypto::ChaChaRng(1), milliseconds(5), milliseconds(80));
  Duration least = milliseconds(1'000);
  Duration most{};
  for (HostId a = 0; a < kHosts; ++a) {
    for (HostId b = 0; b < kHosts; ++b) {
      const Duration delay = delays.one_way(a, b);
      REQUIRE(delay == delays.one_way(b, a));
      if (a == b) continue;
      least = std::min(least, delay);
      most = std::max(most, delay);
      for (HostId via = 0; via < kHosts; ++via) REQUIRE(delay <= delays.one_way(a, via) + delays.one_way(via, b));
    }
  }
  CHECK(least >= milliseconds(5));
  CHECK(least < milliseconds(10));
  CHECK(most <= milliseconds(80));
  CHECK(most > milliseconds(60));
}

TEST_CASE("a host's place does not depend on who else is there") {
  PlaneDelay few(crypto::ChaChaRng(1), milliseconds(5), milliseconds(80));
  PlaneDelay many(crypto::ChaChaRng(1), milliseconds(5), milliseconds(80));
  const Duration delay = few.one_way(3, 4);
  many.one_way(1'000, 999);
  CHECK(many.one_way(3, 4) == delay);
}

TEST_CASE("hosts on the plane are never nearer than the fields they are on") {
  constexpr HostId kHosts = 300;
  PlaneDelay delays(crypto::ChaChaRng(1), milliseconds(5), milliseconds(80));
  Duration worst{};
  for (HostId a = 0; a < kHosts; ++a) {
    for (HostId b = 0; b < kHosts; ++b) {
      const Duration least = delays.least_between(delays.site(a), delays.site(b));
      REQUIRE(least <= delays.one_way(a, b));
      REQUIRE(delays.site(a) < delays.sites());
      worst = std::max(worst, delays.one_way(a, b) - least);
    }
  }
  CHECK(worst < milliseconds(5));
}

}  // namespace spate::sim
