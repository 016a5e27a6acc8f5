// The built-in world: cities of every continent, from general knowledge. Coordinates are those of the centre,
// populations those of the metropolitan area, rounded, around 2020.
//
// Which cities are here is chosen so that each continent's share of the population is near its share of the world's
// Internet users: Asia half, Europe, North America and Africa an eighth each, South America a tenth, Oceania a
// hundredth. Within a continent, all large cities are here and some smaller ones of countries that would be missing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libcore/sim/great_circle.h"

namespace spate::sim {

// North America reaches down to Panama and includes the Caribbean; Europe includes Istanbul, and Russia to
// Yekaterinburg.
enum class Continent : std::uint8_t { kAfrica, kAsia, kEurope, kNorthAmerica, kOceania, kSouthAmerica };
inline constexpr std::size_t kContinents = 6;

// "africa", "asia", "europe", "north-america", "oceania", "south-america".
std::string_view continent_name(Continent continent);
std::optional<Continent> continent_named(std::string_view name);

struct City {
  std::string_view name;
  Continent continent;
  GeoPoint place;
  std::uint32_t population;  // in thousands
};

// All of them, those of a continent one after the other. The order is fixed: hosts' cities depend on it.
std::span<const City> cities();

// The index of the city that is nearest to that place.
std::size_t nearest_city(GeoPoint place);

}  // namespace spate::sim
