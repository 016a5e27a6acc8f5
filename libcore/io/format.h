// Sizes, rates and times for people.
#pragma once

#include <cstdint>
#include <string>

#include "libcore/base/time.h"

namespace spate::io {

// "12.3 MB", "4.1 Mbit/s", "12 ms", "3.4 s", "2m05s".
std::string format_bytes(std::uint64_t bytes);
std::string format_bit_rate(double bits_per_second);
std::string format_duration(Duration d);

}  // namespace spate::io
