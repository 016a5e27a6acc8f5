#include "libcore/sim/jitter.h"

#include <algorithm>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

struct Spread {
  double mean_ms = 0;
  std::vector<double> sorted_ms;

  double quantile(double q) const {
    return sorted_ms[static_cast<std::size_t>(q * static_cast<double>(sorted_ms.size()))];
  }
};

Spread spread_of(JitterKind kind, Duration mean) {
  crypto::ChaChaRng rng(4);
  Draws draws(rng);
  Spread spread;
  constexpr int kDraws = 400'000;
  for (int i = 0; i < kDraws; ++i) {
    const Duration jitter = draw_jitter(kind, mean, draws);
    REQUIRE(jitter >= Duration::zero());
    spread.sorted_ms.push_back(to_ms(jitter));
    spread.mean_ms += to_ms(jitter) / kDraws;
  }
  std::sort(spread.sorted_ms.begin(), spread.sorted_ms.end());
  return spread;
}

}  // namespace

TEST_CASE("log-normal jitter has its mean and its quantiles") {
  const Spread spread = spread_of(JitterKind::kLogNormal, milliseconds(10));
  CHECK(spread.mean_ms == Approx(10).epsilon(0.01));
  CHECK(spread.quantile(0.1) == Approx(3.871).epsilon(0.02));
  CHECK(spread.quantile(0.5) == Approx(8.353).epsilon(0.01));
  CHECK(spread.quantile(0.99) == Approx(33.73).epsilon(0.03));
  CHECK(spread.quantile(0.9999) == Approx(77.8).epsilon(0.1));
  CHECK(spread.sorted_ms.back() < 160);
}

TEST_CASE("a good radio's jitter is small") {
  const Spread spread = spread_of(JitterKind::kWifi, milliseconds(1));
  CHECK(spread.mean_ms == Approx(1).epsilon(0.02));
  CHECK(spread.quantile(0.99) == Approx(4.6).epsilon(0.03));
}

TEST_CASE("a bad radio's jitter is mostly small and sometimes some 90 ms") {
  const Spread spread = spread_of(JitterKind::kWifi, milliseconds(10));
  CHECK(spread.mean_ms == Approx(10).epsilon(0.02));
  CHECK(spread.quantile(0.5) < 1);
  CHECK(spread.quantile(0.89) < 10);
  CHECK(spread.quantile(0.95) == Approx(91).epsilon(0.05));
  CHECK(spread.sorted_ms.back() < 350);
}

}  // namespace spate::sim
