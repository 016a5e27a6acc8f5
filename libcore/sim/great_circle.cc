#include "libcore/sim/great_circle.h"

#include <array>
#include <utility>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

// Angles are in units of 2^-36 turns.
constexpr std::int64_t kTurn = std::int64_t{1} << 36;
// atan(2^-i), and the product of the cosines of these angles in units of 2^-50: what CORDIC's steps shrink by.
constexpr std::array<std::int64_t, 31> kArcTangents = {
    8589934592, 5070934490, 2679342518, 1360076098, 682677297, 341671446, 170877414, 85443921,
    42722612,   21361388,   10680704,   5340353,    2670177,   1335088,   667544,    333772,
    166886,     83443,      41722,      20861,      10430,     5215,      2608,      1304,
    652,        326,        163,        81,         41,        20,        10};
constexpr std::int64_t kShrinkage = 683'706'022'956'410;
constexpr int kUnitBits = 50;

constexpr std::uint64_t kCircumferenceMetres = 40'030'230;

struct Turned {
  std::int64_t x;
  std::int64_t y;
};

// The cosine and the sine in units of 2^-50. REQUIRES that the angle is at most a quarter of a turn either way.
Turned unit_at(std::int64_t angle) {
  Turned at{kShrinkage, 0};
  for (std::size_t i = 0; i < kArcTangents.size(); ++i) {
    const Turned step{at.x >> i, at.y >> i};
    if (angle >= 0) {
      at = {at.x - step.y, at.y + step.x};
      angle -= kArcTangents[i];
    } else {
      at = {at.x + step.y, at.y - step.x};
      angle += kArcTangents[i];
    }
  }
  return at;
}

// The angle of (x, y), both not negative and below 2^60.
std::int64_t angle_of(Turned at) {
  std::int64_t angle = 0;
  for (std::size_t i = 0; i < kArcTangents.size(); ++i) {
    const Turned step{at.x >> i, at.y >> i};
    if (at.y > 0) {
      at = {at.x + step.y, at.y - step.x};
      angle += kArcTangents[i];
    } else {
      at = {at.x - step.y, at.y + step.x};
      angle -= kArcTangents[i];
    }
  }
  return angle < 0 ? 0 : angle;
}

std::int64_t angle_of_degrees(std::int64_t hundredths) { return hundredths * kTurn / 36'000; }

// In units of 2^-30, so that the squares of differences and sums fit into 64 bits.
using Vector = std::array<std::int64_t, 3>;

Vector unit_vector(GeoPoint point) {
  const Turned latitude = unit_at(angle_of_degrees(point.latitude));
  std::int64_t east = point.longitude;
  const bool far_side = east > 9'000 || east < -9'000;
  if (far_side) east += east > 0 ? -18'000 : 18'000;
  const Turned longitude = unit_at(angle_of_degrees(east));
  // 2^31 times 2^31 at most.
  const std::int64_t across = latitude.x >> (kUnitBits - 30);
  const std::int64_t sign = far_side ? -1 : 1;
  return {sign * (across * (longitude.x >> (kUnitBits - 30)) >> 30),
          sign * (across * (longitude.y >> (kUnitBits - 30)) >> 30), latitude.y >> (kUnitBits - 30)};
}

// The square root, in units of 2^-20, rounded down to whole ones.
std::int64_t length(const Vector& v) {
  std::uint64_t square = 0;
  for (const std::int64_t component : v) square += static_cast<std::uint64_t>(component * component);
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= square) root |= bit;
  return static_cast<std::int64_t>(root) << 20;
}

}  // namespace

bool on_globe(GeoPoint point) {
  return point.latitude >= -9'000 && point.latitude <= 9'000 && point.longitude >= -18'000 && point.longitude <= 18'000;
}

std::uint32_t great_circle_metres(GeoPoint a, GeoPoint b) {
  SPATE_CHECK(on_globe(a) && on_globe(b));
  if (a == b) return 0;
  const Vector u = unit_vector(a);
  const Vector v = unit_vector(b);
  const std::int64_t half = angle_of({length({u[0] + v[0], u[1] + v[1], u[2] + v[2]}),  //
                                      length({u[0] - v[0], u[1] - v[1], u[2] - v[2]})});
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(half) * 2 * (kCircumferenceMetres / 2) + kTurn / 4) >>
                                    35);
}

}  // namespace spate::sim
