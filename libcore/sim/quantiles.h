// A distribution in six figures.
#pragma once

#include "libcore/base/histogram.h"

namespace spate::sim {

struct Quantiles {
  Duration p50{};
  Duration p90{};
  Duration p95{};
  Duration p99{};
  Duration p999{};
  Duration max{};
};

template <typename Count>
Quantiles quantiles(const BasicHistogram<Count>& histogram) {
  return {histogram.quantile(0.5),  histogram.quantile(0.9),   histogram.quantile(0.95),
          histogram.quantile(0.99), histogram.quantile(0.999), histogram.max()};
}

}  // namespace spate::sim
