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

TEST_CASE("powers of two are right to a part in a hundred million") {
  for (const double x : {-30.5, -3.0, -0.75, -1e-6, 0.0, 0.1, 0.5, 1.0, 1.999, 9.4, 30.9}) {
    CAPTURE(x);
    const auto fixed = static_cast<std::int64_t>(x * 4294967296.0);
    const double expected = std::exp2(static_cast<double>(fixed) / 4294967296.0);
    CHECK(static_cast<double>(exp2_fixed(fixed)) / 4294967296.0 == Approx(expected).epsilon(1e-8).margin(1e-9));
  }
}

TEST_CASE("log-normal draws have their median and spread") {
  crypto::ChaChaRng rng(5);
  Draws draws(rng);
  std::vector<Duration> sample(20'001);
  for (Duration& d : sample) d = draws.log_normal(std::chrono::seconds(600), 1'500);
  std::sort(sample.begin(), sample.end());
  const auto seconds_at = [&](double q) { return to_seconds(sample[static_cast<std::size_t>(q * 20'000)]); };
  CHECK(seconds_at(0.5) == Approx(600).epsilon(0.05));
  CHECK(seconds_at(0.8413) == Approx(600 * std::exp(1.5)).epsilon(0.07));
  CHECK(seconds_at(0.1587) == Approx(600 / std::exp(1.5)).epsilon(0.07));
}

}  // namespace spate::sim
