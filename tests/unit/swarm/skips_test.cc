#include "libcore/swarm/skips.h"

#include "tests/catch.h"
#include "tests/unit/swarm/net.h"

using namespace spate;
using namespace spate::swarm;
using spate::tests::kStart;
using std::chrono::milliseconds;

namespace {

constexpr Duration kGuard = milliseconds(5);

struct Fixture {
  // How many are missing of the next skip that is due then; 0, if none is.
  std::uint64_t due(Instant now) {
    const auto skip = skips.take_due(now, kGuard);
    return skip ? skip->missing : 0;
  }

  Skips skips;
};

}  // namespace

TEST_CASE("skips: what has not come within the guard is told of once, with whose it is", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(7, 0b11, 10, 13, kStart);
  CHECK(f.skips.next_deadline(kGuard) == kStart + kGuard);
  CHECK(f.due(kStart + kGuard - Duration(1)) == 0);
  const auto skip = f.skips.take_due(kStart + kGuard, kGuard);
  REQUIRE(skip);
  CHECK(skip->neighbour == 7);
  CHECK(skip->stripes == 0b11);
  CHECK(skip->missing == 3);
  CHECK(skip->since == kStart);
  CHECK(f.due(kStart + kGuard) == 0);
  CHECK(f.skips.next_deadline(kGuard) == kNever);
}

TEST_CASE("skips: each has a time of its own", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(7, 1, 10, 11, kStart);
  f.skips.on_datagram(8, 1, 10, 12, kStart + milliseconds(2));
  CHECK(f.due(kStart + kGuard) == 1);
  CHECK(f.due(kStart + kGuard) == 0);
  CHECK(f.due(kStart + kGuard + milliseconds(2)) == 2);
}

TEST_CASE("skips: a number that comes late takes its loss back, and no other", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(7, 1, 10, 12, kStart);
  f.skips.on_datagram(8, 1, 10, 11, kStart);
  f.skips.on_datagram(7, 1, 13, 9, kStart);
  f.skips.on_datagram(7, 1, 13, 12, kStart);
  f.skips.on_datagram(7, 1, 13, 11, kStart);
  CHECK(f.due(kStart + kGuard) == 1);
  CHECK(f.due(kStart + kGuard) == 1);
  f.skips.on_datagram(7, 1, 20, 21, kStart);
  f.skips.on_datagram(7, 1, 22, 20, kStart);
  CHECK(f.skips.next_deadline(kGuard) == kNever);
}

TEST_CASE("skips: of whom gives us nothing any more they are forgotten", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(9, 0, 10, 11, kStart);
  CHECK(f.skips.next_deadline(kGuard) == kNever);
  f.skips.on_datagram(7, 0b0011, 10, 11, kStart);
  f.skips.on_datagram(8, 0b1100, 10, 12, kStart);
  f.skips.forget(0b0111);
  const auto skip = f.skips.take_due(kStart + kGuard, kGuard);
  REQUIRE(skip);
  CHECK(skip->neighbour == 8);
  CHECK(skip->stripes == 0b1000);
  CHECK(f.due(kStart + kGuard) == 0);
}

TEST_CASE("skips: of too many the oldest are forgotten", "[swarm]") {
  Fixture f;
  for (std::uint64_t n = 0; n <= Skips::kMax; ++n) f.skips.on_datagram(n, 1, 10, 11 + n, kStart);
  CHECK(f.due(kStart + kGuard) == 2);
  std::size_t left = 0;
  while (f.due(kStart + kGuard) > 0) ++left;
  CHECK(left == Skips::kMax - 1);
}

TEST_CASE("skips: who makes up many loses its own, not others'", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(7, 1, 10, 11, kStart);
  for (std::uint64_t n = 0; n < 3 * Skips::kMax; ++n) f.skips.on_datagram(8, 2, 10 * n, 10 * n + 1, kStart);
  const auto skip = f.skips.take_due(kStart + kGuard, kGuard);
  REQUIRE(skip);
  CHECK(skip->neighbour == 7);
}

TEST_CASE("skips: a jump too far is no loss", "[swarm]") {
  Fixture f;
  f.skips.on_datagram(7, 1, 10, 10 + Skips::kJumpMax + 1, kStart);
  CHECK(f.skips.next_deadline(kGuard) == kNever);
  f.skips.on_datagram(7, 1, 100, 100 + Skips::kJumpMax, kStart);
  CHECK(f.due(kStart + kGuard) == Skips::kJumpMax);
}
