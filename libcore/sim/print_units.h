// Durations and rates as a scenario has them: what base/units.h reads, in its largest unit without a fraction; where
// there is none, as seconds, milliseconds or microseconds.
#pragma once

#include <cstdint>
#include <string>

#include "libcore/base/time.h"

namespace spate::sim {

std::string print_duration(Duration d);     // "90s", "2250ms", "2.2500001s", "1.5us"
std::string print_rate(std::uint64_t bps);  // "2500k", "4M"; bytes as well

}  // namespace spate::sim
