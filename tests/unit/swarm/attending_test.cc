#include "libcore/swarm/attending.h"

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("attending: a dead parent is noticed within 1 s and replaced", "[swarm]") {
  const Duration one_way = GENERATE(as<Duration>{}, milliseconds(1), milliseconds(5), milliseconds(60));
  ScriptedWorld f({1, 2});
  f.net.delay = [&](const Address&, const Address&) { return one_way; };
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  f.p1.peer.up = false;
  const Instant died = f.net.now;
  f.run(seconds(3));
  REQUIRE(f.has(f.p2));
  CHECK(f.viewer.parent_since - died <= Attending::kDeadMax + milliseconds(200) + 6 * one_way);
}

TEST_CASE("attending: a parent that still says anything is not dead", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(20));
  CHECK(f.has(f.p1));
  CHECK(f.viewer.parents.size() == 1);
  CHECK(f.viewer.swarm->stats(f.net.now).parent_switches == 0);
}

TEST_CASE("attending: a parent without a parent is waited for, but not for ever", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  SECTION("it finds one") {
    const auto routes = std::exchange(f.p1.status.routes, {});
    f.p1.status.receiving = false;
    f.p1.tell_status();
    f.run(milliseconds(1'000));
    f.p1.status.receiving = true;
    f.p1.status.routes = routes;
    f.p1.tell_status();
    f.run(seconds(3));
    CHECK(f.has(f.p1));
    CHECK(f.viewer.parents.size() == 1);
  }
  SECTION("it does not") {
    const Instant orphaned = f.net.now;
    f.p1.status.receiving = false;
    f.p1.status.routes.clear();
    f.p1.tell_status();
    f.run(seconds(3));
    REQUIRE(f.has(f.p2));
    CHECK(f.viewer.parent_since - orphaned >= Attending::kOrphanPatience);
    CHECK(f.viewer.parent_since - orphaned <= Attending::kOrphanPatience + milliseconds(300));
  }
}

TEST_CASE("attending: a parent without a parent is kept for longer while its stripes flow", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.status.routes.clear();
  f.p1.tell_status();
  f.run(Attending::kOrphanPatience + seconds(1));
  CHECK(f.p1.child == kAll);
  f.run(Attending::kOrphanFlowsPatience);
  CHECK((f.p2.child & first_stripes(kStriping.data)) == first_stripes(kStriping.data));
}

TEST_CASE("attending: from a parent whose path carries less from now on the stream goes on within a second",
          "[swarm]") {
  StreamingWorld f({1});
  f.payload = wire::kPayloadBytes;
  std::size_t largest = 0;
  std::size_t most = SIZE_MAX;
  f.net.fate = [&](const Address& from, const Address&, Bytes datagram) {
    if (from == f.p1.peer.address) largest = std::max(largest, datagram.size());
    return datagram.size() <= most;
  };
  f.run(seconds(3));
  REQUIRE(largest > session::PathSize::kSafe);
  most = session::PathSize::kSafe;
  f.run(seconds(1));
  const std::uint64_t received = f.viewer.swarm->stats(f.net.now).bytes_in;
  f.run(seconds(1));
  CHECK(f.viewer.swarm->stats(f.net.now).bytes_in - received > 240 * f.payload);  // of 250
  CHECK(f.p1.child == kAll);
  CHECK(f.viewer.swarm->stats(f.net.now).parent_switches == 0);
}

TEST_CASE("attending: pauses of the input are no reason to doubt a path", "[swarm]") {
  StreamingWorld f({1});
  f.net.delay = [&](const Address&, const Address&) { return milliseconds(50); };
  f.payload = wire::kPayloadBytes;
  f.run(seconds(3));
  std::size_t parts = 0;
  f.net.fate = [&](const Address&, const Address&, Bytes datagram) {
    parts += datagram.size() > 600 && datagram.size() < 800;
    return true;
  };
  for (int i = 0; i < 10; ++i) {
    f.net.run_for(seconds(1));
    f.run(milliseconds(100));
  }
  CHECK(parts == 0);
}

TEST_CASE("attending: a parent that lives and sends nothing of what was published is left, whatever it says",
          "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  const Instant since = f.net.now;
  f.p1.tell_info(500, 2'000'000);
  for (int i = 0; i < 100 && f.has(f.p1); ++i) {
    f.p1.peer.say(wire::Head{500});  // that there is more, as if it were on its way
    f.run(milliseconds(20));
  }
  CHECK(f.has(f.p2));
  CHECK(f.net.now - since >= milliseconds(100));
  CHECK(f.net.now - since <= Attending::kStarved + milliseconds(600));
  // Nobody else is left: better it than nobody.
  f.p2.peer.up = false;
  f.run(seconds(4));
  CHECK(f.has(f.p1));
}

TEST_CASE("attending: a stripe that falls silent while the others go on is had from another", "[swarm]") {
  const unsigned stripe = GENERATE(3u, 16u);  // of data, and of parity
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.p1.child == kAll);
  f.withheld = bit(stripe);
  const Instant since = f.net.now;
  while (f.p2.child == 0 && f.net.now - since < seconds(5)) f.run(milliseconds(20));
  CHECK(f.net.now - since >= Attending::kStripeSilent);
  // Its parent speaks, for it sends the others.
  if (stripe < kStriping.data) CHECK(f.net.now - since <= Attending::kSpeaksSilent + milliseconds(200));
  f.withheld = 0;
  f.run(milliseconds(200));
  CHECK(f.p2.child == bit(stripe));
  CHECK(f.p1.child == (kAll & ~bit(stripe)));
}

TEST_CASE("attending: a parent that sends nothing any more is waited for longer if it answers", "[swarm]") {
  const bool answers = GENERATE(false, true);
  StreamingWorld f({1, 2, 3});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.p3.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.p1.child == kEven);
  REQUIRE(f.p3.child == 0);
  f.p1.mute = true;
  f.p1.peer.answers_pings = answers;
  const Instant since = f.net.now;
  while (f.p3.child == 0 && f.net.now - since < seconds(5)) f.run(milliseconds(20));
  CHECK((f.p3.child & kEven) != 0);
  // The last of a stripe may have come a turn of all stripes before.
  constexpr Duration kTurn = milliseconds(4) * static_cast<int>(kStriping.data);
  if (answers) CHECK(f.net.now - since >= Attending::kSpeaksSilent - kTurn);
  if (!answers) CHECK(f.net.now - since < Attending::kSpeaksSilent - kTurn);
}

TEST_CASE("attending: what a parent owes that may be dead is asked of others before it is left", "[swarm]") {
  const bool answers = GENERATE(false, true);
  StreamingWorld f({1, 2, 3});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.p3.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.p1.child == kEven);
  f.p1.mute = true;
  f.p1.peer.answers_pings = answers;
  const std::uint64_t owed = f.broadcast.store.head();
  const auto asked = [&] {
    for (const wire::RepairRequest& request : f.p2.peer.all<wire::RepairRequest>())
      if (request.base >= owed) return true;
    return false;
  };
  const Instant since = f.net.now;
  while (!asked() && f.net.now - since < seconds(5)) f.run(milliseconds(4));
  CHECK(f.p3.child == 0);
  // What is not proven lost is waited for longer.
  CHECK((f.net.now - since < milliseconds(300)) == !answers);
}

TEST_CASE("attending: when everything falls silent no stripe is blamed for it", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.p1.child == kAll);
  f.withheld = kAll;
  for (int i = 0; i < 50; ++i) {  // the publisher has nothing to say, and the parent lives
    f.p1.peer.say(wire::Head{0});
    f.net.run_for(milliseconds(20));
  }
  CHECK(f.p1.child == kAll);
}
