// How far the built-in world (world_delay.h) is from measured round trips. Figures for a report: floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libcore/sim/great_circle.h"
#include "libcore/sim/matrix_delay.h"
#include "libcore/sim/world_delay.h"

namespace spate::sim {

struct MapPlace {
  std::string name;
  std::optional<GeoPoint> at;  // nothing: the table does not say
};

// The places of a matrix's rows, in its order: a table of comma-separated values without quotes. Its first line names
// the columns: `lat` or `latitude` and `lon` or `longitude`, in degrees with decimals, and maybe `city` or `name`;
// others are ignored. Coordinates may be empty. An error: a column that is missing, a line of another length,
// coordinates that are not on the globe.
std::variant<std::vector<MapPlace>, MatrixError> parse_map_places(std::string_view text);

// Round trips in milliseconds.
struct RttQuantiles {
  double p5 = 0;
  double p25 = 0;
  double p50 = 0;
  double p75 = 0;
  double p95 = 0;
};

struct ContinentPair {
  Continent from;  // not after `to`
  Continent to;
  std::size_t pairs = 0;
  double measured_median_ms = 0;
  double model_median_ms = 0;
  double median_error = 0;  // |model - measured| / measured, of a pair
};

struct MapComparison {
  std::size_t pairs = 0;  // ordered pairs of two places, each counting once
  RttQuantiles measured;
  RttQuantiles model;
  // Only where the places are known. Places are on the continent of the nearest built-in city.
  std::optional<double> median_error;
  std::vector<ContinentPair> continents;
  // Places that were left out: their coordinates are missing, or must be wrong, as light in a fibre is slower than a
  // tenth of their pings.
  std::vector<std::string> left_out;
};

// The model for the matrix's places. REQUIRES a place for each row. Nothing can be compared (pairs is 0) if fewer than
// two places are left.
MapComparison compare_map(const RttMatrix& measured, std::span<const MapPlace> places);
// The model between its own cities, each pair counting once, against the matrix.
MapComparison compare_map(const RttMatrix& measured);

}  // namespace spate::sim
