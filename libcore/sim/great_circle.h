// Distances on the globe, in integers: the same on every compiler and processor.
#pragma once

#include <cstdint>

namespace spate::sim {

// A place on the globe, in hundredths of a degree (1.1 km): north and east are positive.
struct GeoPoint {
  std::int16_t latitude = 0;   // -9,000 to 9,000
  std::int16_t longitude = 0;  // -18,000 to 18,000
  bool operator==(const GeoPoint&) const = default;
};

bool on_globe(GeoPoint point);

// The shortest way over the surface of a sphere of 6,371 km (the Earth's mean radius), in metres; within 10 m. REQUIRES
// that both are on the globe.
//
// The angle between the unit vectors a and b is 2 atan2(|a - b|, |a + b|), which is accurate for neighbours and
// antipodes alike (Kahan, "How Futile are Mindless Assessments of Roundoff", 2006). Sines and the arc tangent come from
// CORDIC (Volder, 1959).
std::uint32_t great_circle_metres(GeoPoint a, GeoPoint b);

}  // namespace spate::sim
