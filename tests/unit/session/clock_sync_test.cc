#include "libcore/session/clock_sync.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr Instant kStart{std::chrono::hours(1)};
}

TEST_CASE("clock sync: on a symmetric path the estimate is exact, and runs with the local clock", "[session]") {
  ClockSync sync;
  CHECK_FALSE(sync.known());
  sync.add(1'000'000, milliseconds(40), kStart);  // it left 20 ms ago
  CHECK(sync.known());
  CHECK(sync.media_us(kStart) == 1'020'000);
  CHECK(sync.media_us(kStart + seconds(2)) == 3'020'000);
}

TEST_CASE("clock sync: the error is at most half the shortest round trip, however the others are delayed",
          "[session]") {
  crypto::ChaChaRng rng(1);
  ClockSync sync;
  Instant now = kStart;
  for (int i = 0; i < 200; ++i, now += milliseconds(100)) {
    const auto true_media = static_cast<std::uint64_t>(to_us(now - kStart) + 5'000'000);
    const bool good = i % 8 == 0;
    const auto there = microseconds(good ? 10'000 : 10'000 + rng.below(300'000));
    const auto back = microseconds(good ? 14'000 : 10'000 + rng.below(300'000));
    sync.add(true_media - static_cast<std::uint64_t>(back.count()), there + back, now);
    const auto error = static_cast<std::int64_t>(sync.media_us(now)) - static_cast<std::int64_t>(true_media);
    CAPTURE(i);
    CHECK(std::abs(error) <= 12'000);
  }
}

TEST_CASE("clock sync: a publisher's clock that was set anew is believed after 16 samples", "[session]") {
  ClockSync sync;
  sync.add(1'000'000, milliseconds(1), kStart);
  for (int i = 0; i < 16; ++i) sync.add(9'000'000, milliseconds(20), kStart);
  CHECK(sync.media_us(kStart) == 9'010'000);
}

TEST_CASE("clock sync: the media clock does not go below zero", "[session]") {
  ClockSync sync;
  sync.add(0, Duration::zero(), kStart);
  CHECK(sync.media_us(kStart - seconds(5)) == 0);
}
