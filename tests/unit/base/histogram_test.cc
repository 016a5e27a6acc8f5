#include "libcore/base/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST_CASE("histogram: quantiles are within 2 % of the sorted samples' and never below them", "[base]") {
  crypto::ChaChaRng rng(1);
  Histogram histogram;
  std::vector<std::int64_t> samples;
  for (int i = 0; i < 20'000; ++i) {
    const auto us = static_cast<std::int64_t>(rng.u64() >> (28 + rng.below(36)));
    samples.push_back(us);
    histogram.add(microseconds(us));
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(q * 20'000)));
    const std::int64_t exact = samples[rank - 1];
    const std::int64_t told = to_us(histogram.quantile(q));
    CAPTURE(q, exact, told);
    CHECK(told >= exact);
    CHECK(told <= exact + exact / 50);
  }
  CHECK(histogram.count() == 20'000);
  CHECK(to_us(histogram.max()) == samples.back());
}

TEST_CASE("histogram: small values are exact", "[base]") {
  Histogram histogram;
  for (int us = 0; us < 64; ++us) histogram.add(microseconds(us));
  for (int us = 0; us < 64; ++us) CHECK(to_us(histogram.quantile((us + 1) / 64.0)) == us);
}

TEST_CASE("histogram: empty, it says zero", "[base]") {
  Histogram histogram;
  CHECK(histogram.quantile(0.5) == Duration::zero());
  CHECK(histogram.max() == Duration::zero());
  histogram.add(milliseconds(7));
  histogram.clear();
  CHECK(histogram.count() == 0);
  CHECK(histogram.quantile(1) == Duration::zero());
  CHECK(histogram.points().empty());
  histogram.add(milliseconds(3));
  CHECK(histogram.quantile(1) == milliseconds(3));
  CHECK(histogram.points().size() == 1);
}

TEST_CASE("histogram: values beyond its range are counted at its ends", "[base]") {
  Histogram histogram;
  histogram.add(-hours(1));
  CHECK(histogram.quantile(1) == Duration::zero());
  histogram.add(hours(24 * 365));
  histogram.add(Duration::max());
  CHECK(histogram.count() == 3);
  CHECK(histogram.quantile(0.3) == Duration::zero());
  CHECK(histogram.quantile(1) >= hours(18));
}

TEST_CASE("histogram: a quantile never exceeds the greatest sample", "[base]") {
  crypto::ChaChaRng rng(2);
  for (int i = 0; i < 500; ++i) {
    Histogram histogram;
    const auto us = microseconds(static_cast<std::int64_t>(rng.below(1'000'000'000)));
    histogram.add(us);
    REQUIRE(histogram.quantile(0.5) == us);
  }
}

TEST_CASE("histogram: a weight is that many samples, and the points add up to all", "[base]") {
  WideHistogram histogram;
  histogram.add(milliseconds(10), std::uint64_t{1} << 40);
  histogram.add(microseconds(5), 6);
  histogram.add(milliseconds(10));
  CHECK(histogram.count() == (std::uint64_t{1} << 40) + 7);
  CHECK(histogram.quantile(0.5) == milliseconds(10));
  const auto points = histogram.points();
  REQUIRE(points.size() == 2);
  CHECK(points[0].value == microseconds(5));
  CHECK(points[0].count == 6);
  CHECK(points[1].value == milliseconds(10));
  CHECK(points[1].count == histogram.count());
  CHECK(histogram.count_up_to(milliseconds(9)) == 6);
  CHECK(histogram.count_up_to(milliseconds(10)) == histogram.count());
  CHECK(histogram.count_up_to(-milliseconds(1)) == 0);
}
