#include "libcore/sim/great_circle.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tests/catch.h"

namespace spate::sim {
namespace {

// The haversine formula.
double metres(GeoPoint a, GeoPoint b) {
  constexpr double kRadians = std::numbers::pi / 18'000;
  const double dlat = (a.latitude - b.latitude) * kRadians;
  const double dlon = (a.longitude - b.longitude) * kRadians;
  const double h = std::pow(std::sin(dlat / 2), 2) +
                   std::cos(a.latitude * kRadians) * std::cos(b.latitude * kRadians) * std::pow(std::sin(dlon / 2), 2);
  return 2 * 6'371'008.8 * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace

TEST_CASE("distances on the globe are those of the haversine formula, and symmetric") {
  double worst = 0;
  for (int a_lat = -9'000; a_lat <= 9'000; a_lat += 1'500) {
    for (int b_lat = -9'000; b_lat <= 9'000; b_lat += 1'249) {
      for (int b_lon = -18'000; b_lon <= 18'000; b_lon += 617) {
        const GeoPoint a{static_cast<std::int16_t>(a_lat), 1'234};
        const GeoPoint b{static_cast<std::int16_t>(b_lat), static_cast<std::int16_t>(b_lon)};
        REQUIRE(great_circle_metres(a, b) == great_circle_metres(b, a));
        worst = std::max(worst, std::abs(great_circle_metres(a, b) - metres(a, b)));
      }
    }
  }
  CHECK(worst < 10);
}

TEST_CASE("neighbours, antipodes, the poles and the date line") {
  CHECK(great_circle_metres({5'000, 1'000}, {5'000, 1'000}) == 0);
  CHECK(std::abs(great_circle_metres({5'000, 1'000}, {5'001, 1'000}) - 1'112.0) < 10);
  CHECK(std::abs(great_circle_metres({0, 0}, {0, 18'000}) - 20'015'115.0) < 10);
  CHECK(std::abs(great_circle_metres({3'000, 4'000}, {-3'000, -14'000}) - 20'015'115.0) < 10);
  CHECK(great_circle_metres({9'000, 0}, {9'000, 12'000}) < 10);
  CHECK(great_circle_metres({0, 18'000}, {0, -18'000}) < 10);
  CHECK(on_globe({-9'000, 18'000}));
  CHECK_FALSE(on_globe({9'001, 0}));
  CHECK_FALSE(on_globe({0, -18'001}));
}

}  // namespace spate::sim
