#include "libcore/swarm/freshness.h"

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("freshness: a publisher that falls silent is told once, and so is that it goes on", "[swarm]") {
  ScriptedWorld f({1});
  CHECK_FALSE(f.viewer.swarm->stats(f.net.now).silence);
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  f.p1.tell_info(0, 1'000'000);
  f.net.run_for(milliseconds(20));
  const Instant word = f.net.now;
  f.run(milliseconds(2'800));
  CHECK(f.viewer.fell_silent.empty());
  // The same again is nothing new, and nor is what the parent says of itself.
  f.p1.tell_info(0, 1'000'000);
  f.run(seconds(2));
  REQUIRE(f.viewer.fell_silent.size() == 1);
  CHECK(f.viewer.fell_silent[0] - word >= Freshness::kPatience - milliseconds(20));
  CHECK(f.viewer.fell_silent[0] - word <= Freshness::kPatience + milliseconds(50));
  CHECK(f.viewer.swarm->stats(f.net.now).silence >= Freshness::kPatience);
  CHECK(f.viewer.silences.empty());
  f.p1.tell_info(0, 6'000'000);
  f.run(seconds(1));
  REQUIRE(f.viewer.silences.size() == 1);
  CHECK(f.viewer.silences[0] >= milliseconds(4'700));
  CHECK(f.viewer.silences[0] <= seconds(5));
  f.run(seconds(3));
  CHECK(f.viewer.fell_silent.size() == 2);
}

TEST_CASE("freshness: shards are news, too", "[swarm]") {
  StreamingWorld f({1});
  f.run(seconds(6));
  CHECK(f.viewer.fell_silent.empty());
  CHECK(f.viewer.swarm->stats(f.net.now).silence < seconds(1));
}

TEST_CASE("freshness: that nobody sends what the publisher has is told once, and so is that it comes again",
          "[swarm]") {
  StreamingWorld f({1});
  const auto run = [&](int seconds_more) {
    for (int i = 0; i < seconds_more; ++i) {
      f.run(seconds(1));
      f.p1.tell_info(f.broadcast.store.head(), static_cast<std::uint64_t>(to_us(f.net.now - kStart)));
    }
  };
  run(3);
  CHECK(f.viewer.starved == 0);
  f.withheld = kAll;
  run(4);
  CHECK(f.viewer.starved == 0);
  run(4);
  CHECK(f.viewer.starved == 1);
  CHECK(f.viewer.fed.empty());
  f.withheld = 0;
  run(3);
  CHECK(f.viewer.starved == 1);
  REQUIRE(f.viewer.fed.size() == 1);
  CHECK(f.viewer.fed[0] >= seconds(6));
  CHECK(f.viewer.fell_silent.empty());
  CHECK(f.viewer.silences.empty());
}

TEST_CASE("freshness: before the first word and after the end there is no silence", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.mute = true;
  f.run(seconds(5));
  CHECK(f.viewer.fell_silent.empty());
  f.p1.tell_info(0, 2'000'000, stream::kEpoch, true);
  f.run(seconds(5));
  CHECK(f.viewer.fell_silent.empty());
}
