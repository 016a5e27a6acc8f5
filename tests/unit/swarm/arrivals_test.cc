#include "libcore/swarm/arrivals.h"

#include "tests/catch.h"
#include "tests/unit/swarm/net.h"

using namespace spate;
using namespace spate::swarm;
using spate::tests::kStart;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

// Two stripes, of which every shard is that old when it comes: the publisher's clock shows 0 at kStart.
struct Fixture {
  void add(unsigned stripe, std::uint64_t read_us, Duration age) {
    arrivals.add(stripe, read_us, kStart + microseconds(read_us) + age);
  }
  void add_many(unsigned stripe, Duration age) {
    for (int i = 0; i < 100; ++i, media_us += 10'000) add(stripe, media_us, age);
  }
  // How long after its being read a shard is expected.
  Duration expected(unsigned stripe) const {
    return arrivals.expected(stripe, media_us) - kStart - microseconds(media_us);
  }
  // The mean age, by the publisher's clock.
  Duration age(unsigned stripe) const { return arrivals.age(stripe) - (kStart - Instant{}); }

  Arrivals arrivals{2};
  std::uint64_t media_us = 0;
};

}  // namespace

TEST_CASE("arrivals: nothing is known before a shard has come, and each stripe has a time of its own", "[swarm]") {
  Fixture f;
  CHECK_FALSE(f.arrivals.known(0));
  f.add(0, 0, milliseconds(30));
  CHECK(f.arrivals.known(0));
  CHECK_FALSE(f.arrivals.known(1));
  f.add(1, 0, milliseconds(80));
  CHECK(f.age(0) == milliseconds(30));
  CHECK(f.age(1) == milliseconds(80));
}

TEST_CASE("arrivals: of a steady stripe a shard is expected soon after its usual age", "[swarm]") {
  Fixture f;
  f.add(0, 0, milliseconds(30));
  CHECK(f.expected(0) > milliseconds(30));  // one shard says little
  f.add_many(0, milliseconds(30));
  CHECK(f.expected(0) >= milliseconds(30));
  CHECK(f.expected(0) < milliseconds(31));
}

TEST_CASE("arrivals: of an unsteady stripe it is expected when nearly all have come", "[swarm]") {
  Fixture f;
  for (int i = 0; i < 100; ++i, f.media_us += 10'000) f.add(0, f.media_us, milliseconds(i % 2 == 0 ? 20 : 40));
  CHECK(f.age(0) > milliseconds(25));
  CHECK(f.age(0) < milliseconds(35));
  CHECK(f.expected(0) > milliseconds(40));
}

TEST_CASE("arrivals: half of a stripe's shards have come at their mean age", "[swarm]") {
  Fixture f;
  f.add_many(0, milliseconds(30));
  CHECK(f.arrivals.mean(0, f.media_us) == kStart + microseconds(f.media_us) + milliseconds(30));
}

TEST_CASE("arrivals: a stripe that becomes slower is followed", "[swarm]") {
  Fixture f;
  f.add_many(0, milliseconds(30));
  f.add_many(0, milliseconds(90));
  CHECK(f.age(0) > milliseconds(85));
  CHECK(f.age(0) <= milliseconds(90));
}

TEST_CASE("arrivals: one shard that comes very late counts for no more than a bound", "[swarm]") {
  Fixture f;
  f.add_many(0, milliseconds(30));
  f.add(0, f.media_us, std::chrono::seconds(5));
  CHECK(f.age(0) > milliseconds(30));
  CHECK(f.age(0) < milliseconds(30) + Arrivals::kOffMax);
  CHECK(f.expected(0) < milliseconds(30) + 4 * Arrivals::kOffMax);
}

TEST_CASE("arrivals: a stripe that comes another way is learnt anew, the others stay", "[swarm]") {
  Fixture f;
  f.add_many(0, milliseconds(30));
  f.add_many(1, milliseconds(50));
  f.arrivals.forget(0);
  CHECK_FALSE(f.arrivals.known(0));
  CHECK(f.arrivals.known(1));
  f.add(0, f.media_us, milliseconds(200));
  CHECK(f.age(0) == milliseconds(200));
  f.arrivals.restart(2);
  CHECK_FALSE(f.arrivals.known(0));
  CHECK_FALSE(f.arrivals.known(1));
}

TEST_CASE("arrivals: as many stripes as it is told of, of which nothing is known", "[swarm]") {
  Arrivals arrivals(3);
  for (unsigned stripe = 0; stripe < 3; ++stripe) CHECK_FALSE(arrivals.known(stripe));
  arrivals.add(2, 0, kStart);
  arrivals.restart(5);
  for (unsigned stripe = 0; stripe < 5; ++stripe) CHECK_FALSE(arrivals.known(stripe));
}

TEST_CASE("arrivals: one shard that comes very early shows how early its stripe can come", "[swarm]") {
  Fixture f;
  f.add_many(0, milliseconds(500));
  f.add(0, f.media_us, milliseconds(30));
  CHECK(f.age(0) == milliseconds(30) + Arrivals::kOffMax);
  CHECK(f.expected(0) < milliseconds(60));
  f.add_many(0, milliseconds(30));
  CHECK(f.age(0) < milliseconds(31));
}

TEST_CASE("arrivals: what comes a little early counts as much as what comes a little late", "[swarm]") {
  const Duration off = GENERATE(as<Duration>{}, milliseconds(8), Arrivals::kOffMax);
  Fixture early;
  Fixture late;
  early.add_many(0, milliseconds(100));
  late.add_many(0, milliseconds(100));
  early.add(0, early.media_us, milliseconds(100) - off);
  late.add(0, late.media_us, milliseconds(100) + off);
  CHECK(early.age(0) == milliseconds(100) - off / 8);
  CHECK(late.age(0) == milliseconds(100) + off / 8);
}
