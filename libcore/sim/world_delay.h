// The built-in world: hosts live in its cities (cities.h), in proportion to population.
//
// The round trip between two cities is 10 ms (access to the long distance and back, routers, detours within the
// country) and the great-circle distance at 200 km/ms, two thirds of the speed of light, there and back, times an
// inflation: how much longer than that routes are, between the two continents. It is smallest where cables run straight
// and competition is strong (1.1 within Oceania, 1.55 across the North Atlantic), and largest where neighbours exchange
// their traffic on another continent (4.7 within South America, 3.75 within Asia). Within a city the round trip is 2
// ms, 1 ms one way.
//
// The constant and the inflations were fitted to pings between 225 cities in 2018 (WonderNetwork's), each pair of
// cities counting once: the median deviation of a pair is 14 %. Not in it: the access links, which each host has its
// own of; congestion, the time of day, providers that do not peer. A pair of cities has one delay, the same in both
// directions.
//
// The triangle inequality does not hold, as it does not on the Internet: a third of the pairs of cities have a shorter
// way over a third city, an eighth one that is shorter by more than a tenth (of the measured pairs, three quarters and
// a third).
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/sim/cities.h"
#include "libcore/sim/site_delay.h"

namespace spate::sim {

// The round trip between two places that are not in one city. Symmetric. In microseconds.
std::uint32_t world_rtt_us(GeoPoint a, Continent on_a, GeoPoint b, Continent on_b);
// Between all cities, in their order.
const RttTable& world_rtts();

class WorldDelay final : public SiteDelay {
 public:
  // Everywhere, or only on that continent. The sites are the cities, in their order.
  explicit WorldDelay(const Rng& rng, std::optional<Continent> continent = std::nullopt);

  const City& city(HostId host) { return cities_[site(host)]; }

 private:
  std::span<const City> cities_;
};

}  // namespace spate::sim
