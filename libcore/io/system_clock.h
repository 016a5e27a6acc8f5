// The system's clocks, for the drivers of the core.
#pragma once

#include <cstdint>
#include <string>

#include "libcore/base/time.h"

namespace spate::io {

// CLOCK_MONOTONIC.
Instant monotonic_now();

// Milliseconds since 1970, UTC; may jump.
std::int64_t utc_ms();

// "2026-01-02T03:04:05.678Z"
std::string iso_8601(std::int64_t utc_ms);

}  // namespace spate::io
