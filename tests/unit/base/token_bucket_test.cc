#include "libcore/base/token_bucket.h"

#include "tests/catch.h"

using namespace spate;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr Instant kStart{std::chrono::hours(1)};
}

TEST_CASE("token bucket: in any time no more is taken than rate x time + burst + one overdraft", "[base]") {
  const std::uint64_t size = GENERATE(1u, 7u, 100u, 1'300u);
  constexpr std::uint64_t kRate = 10'000;
  constexpr std::uint64_t kBurst = 500;
  TokenBucket bucket(kRate, kBurst);
  std::uint64_t taken = 0;
  for (Duration t{}; t <= seconds(2); t += std::chrono::microseconds(50)) {
    while (bucket.take(size, kStart + t)) taken += size;
    REQUIRE(taken <= kRate * static_cast<std::uint64_t>(t.count()) / 1'000'000'000 + kBurst + size);
  }
  CHECK(taken >= 2 * kRate);  // and the rate is used
}

TEST_CASE("token bucket: ready_at() is the first moment at which take() succeeds", "[base]") {
  const std::uint64_t rate = GENERATE(1u, 3u, 999u, 1'000'000'007u);
  TokenBucket bucket(rate, 10);
  Instant now = kStart;
  for (int i = 0; i < 50; ++i) {
    if (bucket.take(17, now)) continue;
    const Instant ready = bucket.ready_at(now);
    REQUIRE(ready > now);
    TokenBucket early = bucket;
    CHECK_FALSE(early.take(1, ready - Duration(2)));
    REQUIRE(bucket.take(17, ready));
    now = ready;
  }
}

TEST_CASE("token bucket: it fills to the burst and no further", "[base]") {
  TokenBucket bucket(1'000, 5);
  for (int i = 0; i < 5; ++i) CHECK(bucket.take(1, kStart + std::chrono::hours(9)));
  CHECK_FALSE(bucket.take(1, kStart + std::chrono::hours(9)));
}

TEST_CASE("token bucket: a rate of zero is no limit", "[base]") {
  TokenBucket bucket(0, 0);
  CHECK(bucket.unlimited());
  for (int i = 0; i < 1'000; ++i) REQUIRE(bucket.take(UINT64_MAX / 4, kStart));
  CHECK(bucket.ready_at(kStart) == kStart);
}

TEST_CASE("token bucket: time that goes back gives nothing and takes nothing", "[base]") {
  TokenBucket bucket(1'000, 1);
  CHECK(bucket.take(1, kStart));
  CHECK_FALSE(bucket.take(1, kStart - seconds(5)));
  CHECK_FALSE(bucket.take(1, kStart));
  CHECK(bucket.take(1, kStart + milliseconds(1)));
}

TEST_CASE("token bucket: neither the largest numbers nor years of waiting go round", "[base]") {
  TokenBucket bucket(UINT64_MAX, UINT64_MAX);
  const Instant late = kStart + std::chrono::years(200);
  CHECK(bucket.take(UINT64_MAX, kStart));
  CHECK(bucket.ready_at(kStart) > kStart);
  CHECK(bucket.take(1, late));
  for (int i = 0; i < 5; ++i) bucket.charge(UINT64_MAX, late);
  CHECK_FALSE(bucket.take(1, late));
  CHECK(bucket.take(1, bucket.ready_at(late)));
}

TEST_CASE("token bucket: debt has an end", "[base]") {
  TokenBucket bucket(1'000'000'000, 1);
  for (int i = 0; i < 5; ++i) bucket.charge(TokenBucket::kMost, kStart);
  CHECK(bucket.ready_at(kStart) <= kStart + seconds(10));
}
