// Time as the core knows it: integer nanoseconds on a clock that cannot be read.
//
// Every machine is told the time by its caller. CoreClock has no now(), so no pure layer can read a clock by
// accident; io/ maps the system's monotonic clock onto it, sim/ its virtual one.
#pragma once

#include <chrono>
#include <cstdint>

namespace spate {

struct CoreClock {
  using duration = std::chrono::duration<std::int64_t, std::nano>;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CoreClock>;
  static constexpr bool is_steady = true;
};

using Duration = CoreClock::duration;
using Instant = CoreClock::time_point;

inline constexpr Instant kNever = Instant::max();

constexpr std::int64_t to_us(Duration d) { return d.count() / 1'000; }
constexpr double to_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }
constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

}  // namespace spate
