// Durations and bit rates as people write them. They are read exactly, to the nanosecond and the bit per second; what
// is finer is cut off, and so is what is below a billionth of a minute or an hour.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "libcore/base/time.h"

namespace spate {

// "500us", "500ms", "2s", "1.5s", "10m", "1h", "0". A unit is needed for all but zero. Not negative.
std::optional<Duration> parse_duration(std::string_view text);

// Bits per second: "800k", "5M", "2.5M", "1G", "64000", "0".
std::optional<std::uint64_t> parse_bit_rate(std::string_view text);

}  // namespace spate
