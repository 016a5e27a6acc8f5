// How much later than the others a packet comes.
#pragma once

#include <cstdint>

#include "libcore/sim/draws.h"

namespace spate::sim {

enum class JitterKind : std::uint8_t {
  kExponential,
  kLogNormal,  // sigma 0.6: seldom near zero, seldom far above the mean
  // A radio: exponential with mean 1 ms; what the mean is above that comes from packets, each on its own, that wait
  // some 90 ms more. Means up to 91 ms. On a real link these hold up all that is behind them.
  kWifi,
};

// Never negative. Of that mean, within 1 %.
Duration draw_jitter(JitterKind kind, Duration mean, Draws& draws);

}  // namespace spate::sim
