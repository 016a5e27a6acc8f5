#include "libcore/sim/draws.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {

TEST_CASE("the integer logarithm is close to the true one everywhere") {
  for (std::uint64_t x : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 32, UINT64_MAX})
    CHECK(std::ldexp(static_cast<double>(minus_log2(x)), -32) ==
          Approx(64 - std::log2(static_cast<double>(x))).margin(1e-5));
  crypto::ChaChaRng rng(1);
  Draws draws(rng);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t x = draws.u64() >> draws.below(64) | 1;
    REQUIRE(std::ldexp(static_cast<double>(minus_log2(x)), -32) ==
            Approx(64 - std::log2(static_cast<double>(x))).margin(1e-5));
  }
}

TEST_CASE("exponential draws have the mean and the quantiles of the distribution") {
  crypto::ChaChaRng rng(2);
  Draws draws(rng);
  constexpr std::size_t kDraws = 100'000;
  std::vector<double> values;
  for (std::size_t i = 0; i < kDraws; ++i) values.push_back(to_ms(draws.exponential(std::chrono::milliseconds(3))));
  double sum = 0;
  for (const double value : values) sum += value;
  CHECK(sum / kDraws == Approx(3).epsilon(0.02));
  std::sort(values.begin(), values.end());
  for (const double q : {0.1, 0.5, 0.9, 0.99, 0.999})
    CHECK(values[static_cast<std::size_t>(q * kDraws)] == Approx(-3 * std::log(1 - q)).epsilon(0.06));
}

TEST_CASE("draws depend on the seed and the purpose only") {
  crypto::ChaChaRng root(3);
  Draws a(*root.fork("a"));
  Draws b(*root.fork("b"));
  root.u64();
  Draws again(*root.fork("a"));
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.u64();
    REQUIRE(again.u64() == value);
    REQUIRE(b.u64() != value);
  }
}

TEST_CASE("draws are the same for ever") {
  crypto::ChaChaRng rng(4);
  Draws draws(rng);
  CHECK(draws.u64() == 13680396912560559399u);
  CHECK(draws.exponential(std::chrono::seconds(1)).count() == 118114143);
  CHECK(draws.between(Duration(10), Duration(20)).count() == 15);
}

}  // namespace spate::sim
