#include "libcore/stream/playout.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

// A store whose shard number n was read n milliseconds after the start, and what plays it.
struct Fixture {
  explicit Fixture(std::optional<Duration> latency) : playout(latency) { playout.start(0, 0, kStart); }

  void arrive(std::uint64_t sequence, Instant now = kStart, std::uint8_t flags = 0) {
    StoredShard shard;
    shard.flags = flags;
    shard.media_us = sequence * 1000;
    shard.frame = pool.take(20);
    shard.arrived = now;
    store.insert(sequence, std::move(shard));
  }
  // All that is due when the publisher's clock is at that millisecond (and so is ours).
  std::vector<std::uint64_t> play(std::int64_t ms, bool know_clock = true) {
    std::vector<std::uint64_t> result;
    const auto media = know_clock ? std::optional(static_cast<std::uint64_t>(ms) * 1000) : std::nullopt;
    while (const auto item = playout.poll(store, media, kStart + milliseconds(ms))) {
      REQUIRE(item->shard->present());
      REQUIRE(item->shard == &store.at(item->sequence));
      result.push_back(item->sequence);
    }
    return result;
  }

  BufferPool pool;
  Store store;
  Playout playout;
};

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("playout: nothing before it is started, and nothing from before the start") {
  Playout playout(Duration::zero());
  CHECK_FALSE(playout.started());
  Fixture f(Duration::zero());
  for (std::uint64_t i = 0; i < 5; ++i) f.arrive(i);
  CHECK_FALSE(playout.poll(f.store, 0, kStart));
  f.playout.start(3, 0, kStart);
  CHECK(f.play(0) == Sequences{3, 4});
  CHECK(f.playout.lost() == 0);
}

TEST_CASE("playout: what is next in order is due at once, whatever the latency") {
  Fixture f(milliseconds(500));
  f.arrive(0);
  CHECK(f.play(0) == Sequences{0});
  CHECK(f.play(0).empty());
  f.arrive(1);
  f.arrive(2);
  CHECK(f.play(0) == Sequences{1, 2});
  CHECK(f.playout.next() == 3);
  CHECK(f.playout.next_deadline() == kNever);
}

TEST_CASE("playout: a gap is waited for until the shard behind it is as old as the latency") {
  Fixture f(milliseconds(500));
  f.arrive(0);
  f.arrive(3);
  CHECK(f.play(10) == Sequences{0});
  CHECK(f.playout.next_deadline() == kStart + milliseconds(503));
  SECTION("it is filled in time") {
    f.arrive(2);
    CHECK(f.play(20).empty());
    CHECK(f.playout.next_deadline() == kStart + milliseconds(502));
    f.arrive(1);
    CHECK(f.play(30) == Sequences{1, 2, 3});
    CHECK(f.playout.lost() == 0);
  }
  SECTION("it is not") {
    CHECK(f.play(502).empty());
    CHECK(f.play(503) == Sequences{3});
    CHECK(f.playout.lost() == 2);
    f.arrive(1);
    CHECK(f.play(600).empty());  // too late: never out of order
  }
  SECTION("it is filled in part") {
    f.arrive(1);
    CHECK(f.play(502) == Sequences{1});
    CHECK(f.play(503) == Sequences{3});
    CHECK(f.playout.lost() == 1);
  }
}

TEST_CASE("playout: begins at a newer random-access point if that is here before the first of the backlog") {
  const bool first_comes = GENERATE(false, true);
  Fixture f(milliseconds(500));
  f.playout.start(1, 10, kStart);
  f.arrive(2);
  f.arrive(12);
  CHECK(f.play(20).empty());
  if (first_comes) f.arrive(1);
  f.arrive(11, kStart, wire::kFlagRandomAccess);
  CHECK(f.play(20) == (first_comes ? Sequences{1, 2} : Sequences{11, 12}));
  CHECK(f.playout.lost() == 0);
  CHECK(f.playout.take_jump() == !first_comes);
  CHECK_FALSE(f.playout.take_jump());
  f.arrive(3);
  CHECK(f.play(20) == (first_comes ? Sequences{3} : Sequences{}));
}

TEST_CASE("playout: begins at no newer point but one that has been published since it joined") {
  Fixture f(milliseconds(500));
  SECTION("older than that") {
    f.playout.start(1, 20, kStart);
    f.arrive(11, kStart, wire::kFlagRandomAccess);
  }
  SECTION("no point at which a picture begins") {
    f.playout.start(1, 10, kStart);
    f.arrive(11);
  }
  SECTION("a run from its beginning is wanted whole") {
    f.playout.start(0, 10, kStart);
    f.arrive(11, kStart, wire::kFlagRandomAccess);
  }
  SECTION("once begun, it waits") {
    f.playout.start(1, 10, kStart);
    f.arrive(1);
    CHECK(f.play(10) == Sequences{1});
    f.arrive(11, kStart, wire::kFlagRandomAccess);
  }
  CHECK(f.play(1'000).empty());
}

TEST_CASE("playout: with a latency of 0 a gap is skipped as soon as anything behind it is here") {
  const bool know_clock = GENERATE(false, true);
  Fixture f(Duration::zero());
  f.arrive(0);
  f.store.advance_head(3);
  CHECK(f.play(5, know_clock) == Sequences{0});
  CHECK(f.playout.next_deadline() == kNever);
  f.arrive(2);
  // Even if the publisher's clock, as we estimate it, has not got there yet.
  CHECK(f.play(0, know_clock) == Sequences{2});
  CHECK(f.playout.lost() == 1);
}

TEST_CASE("playout: without the publisher's clock a gap is judged by when the shard behind it came") {
  Fixture f(milliseconds(100));
  f.arrive(1, kStart + milliseconds(7));
  CHECK(f.play(50, false).empty());
  CHECK(f.playout.next_deadline() == kStart + milliseconds(107));
  CHECK(f.play(107, false) == Sequences{1});
}

TEST_CASE("playout: holes that nobody will fill are skipped at once, and counted") {
  Fixture f(milliseconds(500));
  f.store.advance_head(4);
  f.store.at(0).given_up = true;
  f.store.at(1).given_up = true;
  CHECK(f.play(0).empty());
  CHECK(f.playout.next() == 2);
  CHECK(f.playout.lost() == 2);
  f.arrive(2);
  f.store.at(3).given_up = true;
  CHECK(f.play(0) == Sequences{2});
  CHECK(f.playout.next() == 4);
  CHECK(f.playout.lost() == 3);
}

TEST_CASE("playout: what the store no longer holds is lost, or passed over if that was held") {
  const bool held = GENERATE(false, true);
  Fixture f(std::nullopt);
  if (held) f.playout.hold();
  for (std::uint64_t i = 0; i < Store::kSlots + 10; ++i) f.arrive(i);
  const Sequences played = f.play(0);
  CHECK(played.size() == Store::kSlots);
  CHECK(played.front() == 10);
  CHECK(f.playout.lost() == (held ? 0 : 10));
  CHECK(f.playout.passed_over() == (held ? 10 : 0));
  // It is not held any more.
  for (std::uint64_t i = 0; i < Store::kSlots + 5; ++i) f.arrive(Store::kSlots + 10 + i);
  f.play(0);
  CHECK(f.playout.lost() == (held ? 5 : 15));
}

TEST_CASE("playout: starts again in another epoch") {
  Fixture f(milliseconds(500));
  f.arrive(1);
  CHECK(f.play(0).empty());
  f.store.restart(1000);
  f.playout.start(1000, 0, kStart);
  f.arrive(1000);
  CHECK(f.play(0) == Sequences{1000});
  CHECK(f.playout.lost() == 0);
}

TEST_CASE("playout: automatic latency is a floor above the smallest lag while arrivals are even") {
  Playout playout(std::nullopt);
  CHECK(playout.latency() == Playout::kAutoFloor);
  for (int i = 0; i < 1000; ++i) playout.on_arrival(milliseconds(80 + i % 20));
  CHECK(playout.latency() >= Playout::kAutoFloor + milliseconds(80));
  CHECK(playout.latency() < Playout::kAutoFloor + milliseconds(85));
}

TEST_CASE("playout: automatic latency follows the spread of arrivals, up to a ceiling, and forgets") {
  Playout playout(std::nullopt);
  playout.on_arrival(milliseconds(50));
  playout.on_arrival(milliseconds(700));
  CHECK(playout.latency() > milliseconds(2600));
  CHECK(playout.latency() < milliseconds(2700));
  playout.on_arrival(std::chrono::seconds(60));
  CHECK(playout.latency() < Playout::kAutoCeiling + milliseconds(100));
  CHECK(playout.latency() >= Playout::kAutoCeiling);
  for (int i = 0; i < 40'000; ++i) playout.on_arrival(milliseconds(50));
  CHECK(playout.latency() < Playout::kAutoFloor + milliseconds(100));
}

TEST_CASE("playout: a smallest lag that was estimated wrong is forgotten") {
  Playout playout(std::nullopt);
  playout.on_arrival(-std::chrono::seconds(5));
  for (int i = 0; i < 100'000; ++i) playout.on_arrival(milliseconds(50));
  CHECK(playout.latency() > Playout::kAutoFloor + milliseconds(45));
  CHECK(playout.latency() < Playout::kAutoFloor + milliseconds(55));
}

TEST_CASE("playout: a fixed latency does not follow anything") {
  Playout playout(milliseconds(70));
  for (int i = 0; i < 100; ++i) playout.on_arrival(milliseconds(i * 10));
  CHECK(playout.latency() == milliseconds(70));
}

TEST_CASE("playout: in a backlog a gap is waited for since something was played, whatever the latency") {
  const auto latency = GENERATE(as<std::optional<Duration>>{}, std::nullopt, milliseconds(0), milliseconds(5'000));
  constexpr std::int64_t kWait = Playout::kBacklogWait / milliseconds(1);
  Fixture f(latency);
  f.playout.start(0, 10, kStart);
  f.arrive(0);
  f.arrive(2);
  CHECK(f.play(100) == Sequences{0});
  CHECK(f.playout.next_deadline() == kStart + milliseconds(100 + kWait));
  CHECK(f.play(100 + kWait - 1).empty());
  f.arrive(1);
  f.arrive(4);
  CHECK(f.play(100 + kWait - 1) == Sequences{1, 2});  // so 3 has a while again
  CHECK(f.play(100 + 2 * kWait - 2).empty());
  CHECK(f.play(100 + 2 * kWait - 1) == Sequences{4});
  CHECK(f.playout.lost() == 1);
}

TEST_CASE("playout: beyond the backlog the latency counts") {
  Fixture f(milliseconds(50));
  f.playout.start(0, 2, kStart);
  for (const std::uint64_t sequence : {0u, 1u, 3u}) f.arrive(sequence);
  CHECK(f.play(10) == Sequences{0, 1});
  CHECK(f.play(3 + 49).empty());
  CHECK(f.play(3 + 50) == Sequences{3});
}

TEST_CASE("playout: a backlog of which gaps have been waited for in vain is waited for no more") {
  constexpr std::int64_t kWait = Playout::kBacklogWait / milliseconds(1);
  Fixture f(milliseconds(0));
  f.playout.start(0, 100, kStart);
  for (const std::uint64_t sequence : {1u, 3u, 5u, 7u, 9u}) f.arrive(sequence);
  std::int64_t now = 0;
  for (unsigned n = 0; n < Playout::kVainWaits; ++n) {
    CHECK(f.play(now + kWait - 1).empty());
    now += kWait;
    if (n + 1 < Playout::kVainWaits) CHECK(f.play(now) == Sequences{2 * n + 1});
  }
  CHECK(f.play(now) == Sequences{5, 7, 9});
  CHECK(f.playout.lost() == 5);
}

TEST_CASE("playout: after an outage gaps are waited for again, in vain before or not") {
  constexpr std::int64_t kWait = Playout::kBacklogWait / milliseconds(1);
  Fixture f(std::nullopt);
  f.playout.start(0, 100, kStart);
  for (const std::uint64_t sequence : {1u, 3u, 5u, 7u, 9u}) f.arrive(sequence);
  std::int64_t now = 0;
  for (unsigned n = 0; n < Playout::kVainWaits; ++n) f.play(now += kWait);
  REQUIRE(f.playout.next() == 10);
  f.playout.resume(200, kStart + milliseconds(now));
  f.arrive(11);
  CHECK(f.play(now + kWait - 1).empty());
  CHECK(f.play(now + kWait) == Sequences{11});
}

TEST_CASE("playout: after an outage what is below its end is waited for as a backlog is") {
  // With a fixed latency for a third of that.
  const std::optional<Duration> latency = GENERATE(std::optional<Duration>(), milliseconds(600), milliseconds(9'000));
  const std::int64_t kWait = latency == milliseconds(600) ? 200 : Playout::kBacklogWait / milliseconds(1);
  Fixture f(latency);
  f.arrive(0);
  REQUIRE(f.play(0) == Sequences{0});
  f.playout.resume(5, kStart + milliseconds(3'000));
  f.arrive(2);
  f.arrive(7);
  CHECK(f.play(3'000 + kWait - 1).empty());
  CHECK(f.play(3'000 + kWait) == Sequences{2});
  CHECK(f.play(3'000 + 2 * kWait) == Sequences{7});
}

TEST_CASE("playout: while most of the stream does not come, what is missing is waited for longer") {
  Playout playout(std::nullopt);
  playout.set_out(true);
  CHECK(playout.latency() == Playout::kOutCeiling);
  playout.set_out(false);
  CHECK(playout.latency() == Playout::kAutoFloor);
  Playout fixed(milliseconds(70));
  fixed.set_out(true);
  CHECK(fixed.latency() == milliseconds(70));
}
