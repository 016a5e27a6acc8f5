#include "libcore/sim/world_delay.h"

#include <algorithm>
#include <array>
#include <vector>

namespace spate::sim {
namespace {

constexpr std::uint32_t kConstantUs = 10'000;

// Hundredths, in the order of Continent.
constexpr std::array<std::array<std::uint16_t, kContinents>, kContinents> kInflation = {{
    // af   as   eu   na   oc   sa
    {325, 340, 245, 185, 285, 290},
    {340, 375, 265, 170, 230, 200},
    {245, 265, 210, 155, 185, 205},
    {185, 170, 155, 180, 145, 195},
    {285, 230, 185, 145, 110, 240},
    {290, 200, 205, 195, 240, 470},
}};

std::span<const City> cities_of(std::optional<Continent> continent) {
  const std::span<const City> all = cities();
  if (!continent) return all;
  const auto first = std::ranges::lower_bound(all, *continent, {}, &City::continent);
  return {first, std::ranges::upper_bound(all, *continent, {}, &City::continent)};
}

// What of the world's table is about these.
RttTable rtts_of(std::span<const City> some) {
  const RttTable& world = world_rtts();
  const auto first = static_cast<std::size_t>(some.data() - cities().data());
  RttTable table{static_cast<std::uint32_t>(some.size()), {}};
  for (std::size_t a = 0; a < some.size(); ++a)
    for (std::size_t b = 0; b < some.size(); ++b) table.us.push_back(world.at(first + a, first + b));
  return table;
}

std::vector<std::uint32_t> populations_of(std::span<const City> some) {
  std::vector<std::uint32_t> populations;
  for (const City& city : some) populations.push_back(city.population);
  return populations;
}

RttTable make_world() {
  const std::span<const City> all = cities();
  RttTable table{static_cast<std::uint32_t>(all.size()), std::vector<std::uint32_t>(all.size() * all.size())};
  for (std::size_t a = 0; a < all.size(); ++a) {
    table.us[a * all.size() + a] = RttTable::kWithinSiteUs;
    for (std::size_t b = 0; b < a; ++b) {
      const std::uint32_t us = world_rtt_us(all[a].place, all[a].continent, all[b].place, all[b].continent);
      table.us[a * all.size() + b] = table.us[b * all.size() + a] = us;
    }
  }
  return table;
}

}  // namespace

std::uint32_t world_rtt_us(GeoPoint a, Continent on_a, GeoPoint b, Continent on_b) {
  const std::uint64_t inflation = kInflation[static_cast<std::size_t>(on_a)][static_cast<std::size_t>(on_b)];
  // A hundred metres there and back in a microsecond, and hundredths.
  return kConstantUs + static_cast<std::uint32_t>(great_circle_metres(a, b) * inflation / 10'000);
}

const RttTable& world_rtts() {
  static const RttTable kWorld = make_world();
  return kWorld;
}

WorldDelay::WorldDelay(const Rng& rng, std::optional<Continent> continent)
    : SiteDelay(rng, "cities", rtts_of(cities_of(continent)), populations_of(cities_of(continent))),
      cities_(cities_of(continent)) {}

}  // namespace spate::sim
