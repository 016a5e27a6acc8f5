#include "libcore/sim/world_delay.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

std::uint32_t rtt_ms(std::string_view a, std::string_view b) {
  const auto index = [](std::string_view name) {
    for (std::size_t i = 0; i < cities().size(); ++i)
      if (cities()[i].name == name) return i;
    FAIL(name);
    return std::size_t{};
  };
  return world_rtts().at(index(a), index(b)) / 1'000;
}

}  // namespace

TEST_CASE("round trips between cities: symmetric, 2 ms within, 10 to 620 ms between") {
  const RttTable& world = world_rtts();
  REQUIRE(world.sites == cities().size());
  for (std::size_t a = 0; a < world.sites; ++a) {
    for (std::size_t b = 0; b < world.sites; ++b) {
      REQUIRE(world.at(a, b) == world.at(b, a));
      if (a == b) {
        REQUIRE(world.at(a, b) == 2'000);
      } else {
        REQUIRE(world.at(a, b) > 10'000);
        REQUIRE(world.at(a, b) < 620'000);
      }
    }
  }
  CHECK(rtt_ms("London", "Paris") == 17);
  CHECK(rtt_ms("London", "New York") == 96);
  CHECK(rtt_ms("Sydney", "London") == 324);
  CHECK(rtt_ms("Cairo", "Lagos") == 137);
}

TEST_CASE("some ways over a third city are shorter than the direct one") {
  const RttTable& world = world_rtts();
  double shorter = 0;
  double much_shorter = 0;
  for (std::size_t a = 0; a < world.sites; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      std::uint32_t way = UINT32_MAX;
      for (std::size_t via = 0; via < world.sites; ++via)
        if (via != a && via != b) way = std::min(way, world.at(a, via) + world.at(via, b));
      if (way < world.at(a, b)) ++shorter;
      if (way < world.at(a, b) / 10 * 9) ++much_shorter;
    }
  }
  const double pairs = world.sites * (world.sites - 1) / 2.0;
  CHECK(std::abs(shorter / pairs - 0.33) < 0.01);
  CHECK(std::abs(much_shorter / pairs - 0.12) < 0.01);
}

TEST_CASE("hosts live in cities by population, and one way is half the cities' round trip") {
  constexpr HostId kHosts = 20'000;
  WorldDelay delays(crypto::ChaChaRng(1));
  std::array<double, kContinents> shares{};
  for (HostId host = 0; host < kHosts; ++host)
    shares[static_cast<std::size_t>(delays.city(host).continent)] += 1.0 / kHosts;
  CHECK(std::abs(shares[static_cast<std::size_t>(Continent::kAsia)] - 0.516) < 0.015);
  CHECK(std::abs(shares[static_cast<std::size_t>(Continent::kEurope)] - 0.130) < 0.01);
  CHECK(std::abs(shares[static_cast<std::size_t>(Continent::kOceania)] - 0.013) < 0.005);
  for (HostId host = 1; host < 1'000; ++host) {
    const std::uint32_t us = world_rtts().at(delays.site(0), delays.site(host));
    REQUIRE(delays.one_way(0, host) == std::chrono::microseconds(us) / 2.0);
    REQUIRE(delays.one_way(host, 0) == delays.one_way(0, host));
    REQUIRE(delays.least_between(delays.site(0), delays.site(host)) == delays.one_way(0, host));
    if (delays.site(0) == delays.site(host)) REQUIRE(delays.one_way(0, host) == milliseconds(1));
  }
}

TEST_CASE("the world can be one continent") {
  for (std::size_t i = 0; i < kContinents; ++i) {
    const auto continent = static_cast<Continent>(i);
    WorldDelay delays(crypto::ChaChaRng(1), continent);
    CHECK(delays.sites() < cities().size());
    for (HostId host = 0; host < 500; ++host) REQUIRE(delays.city(host).continent == continent);
    const std::size_t a = nearest_city(delays.city(3).place);
    const std::size_t b = nearest_city(delays.city(4).place);
    CHECK(delays.one_way(3, 4) == std::chrono::microseconds(world_rtts().at(a, b)) / 2.0);
  }
}

TEST_CASE("a host's city does not depend on who else is there") {
  WorldDelay few(crypto::ChaChaRng(1));
  WorldDelay many(crypto::ChaChaRng(1));
  const Duration delay = few.one_way(3, 4);
  many.one_way(1'000, 999);
  CHECK(many.one_way(3, 4) == delay);
  WorldDelay other(crypto::ChaChaRng(2));
  int same = 0;
  for (HostId host = 0; host < 100; ++host) same += few.site(host) == other.site(host);
  CHECK(same < 20);
}

}  // namespace spate::sim
