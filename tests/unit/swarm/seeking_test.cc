#include "libcore/swarm/seeking.h"

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("seeking: subscribes to the parent through which the stream comes soonest", "[swarm]") {
  ScriptedWorld f({1, 2, 3});
  f.p1.set_lag(milliseconds(300));
  f.p2.set_lag(milliseconds(50));
  f.p3.set_lag(milliseconds(200));
  f.run(seconds(1));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions + f.p3.subscriptions == 0);
}

TEST_CASE("seeking: a parent's lag and half the way to it count together", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.net.delay = [&](const Address& from, const Address& to) {
    const bool far = from == f.p1.peer.address || to == f.p1.peer.address;
    return far ? milliseconds(50) : milliseconds(5);
  };
  f.p1.set_lag(milliseconds(10));
  f.p2.set_lag(milliseconds(40));
  f.run(seconds(2));
  CHECK(f.has(f.p2));
}

TEST_CASE("seeking: is accepted within three round trips and the time given to better parents", "[swarm]") {
  ScriptedWorld f({1});
  f.net.run_until_holds(seconds(1), [&] { return f.viewer.parent().has_value(); });
  REQUIRE(f.has(f.p1));
  CHECK(f.viewer.parent_since - kStart <= milliseconds(3 * 10 + 60 + 5));
}

TEST_CASE("seeking: a full host's introduction leads to a parent", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.set_full();
  f.p1.introduces.peers.push_back(f.record_of(f.p2));
  f.run(seconds(1));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions == 0);
}

TEST_CASE("seeking: refused by one that had seemed free, it goes to another", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.grants = 0;
  f.p1.introduces.peers.push_back(f.record_of(f.p2));
  f.p2.set_lag(milliseconds(500));  // p1 looks better
  f.run(seconds(2));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions >= 1);
  CHECK(f.p1.subscriptions <= 3 + 6);  // later it is asked to take some stripes off p2, six at most at a time
}

TEST_CASE("seeking: nobody is taken who has the stream through it, who has no slot, or no stream", "[swarm]") {
  ScriptedWorld f({1, 2, 3});
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.p1.grants = 0;  // it knows, too
  f.p1.refusal = wire::SubscribeCode::kLoop;
  f.p2.set_full();
  f.p3.status.receiving = false;
  f.run(seconds(3));
  CHECK_FALSE(f.viewer.parent());
  CHECK(f.p1.subscriptions <= 8);
  CHECK(f.p2.subscriptions + f.p3.subscriptions == 0);
}

TEST_CASE("seeking: the stripes that one parent has no room for come from others", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.run(seconds(1));
  CHECK(f.p1.child == kEven);
  CHECK(f.p2.child == (kAll & ~kEven));
  CHECK(f.viewer.swarm->stats(f.net.now).parents == 2);
  CHECK(f.viewer.swarm->stats(f.net.now).lost_packets == 0);
}

TEST_CASE("seeking: a stripe that nobody has room for goes on being sought", "[swarm]") {
  StreamingWorld f({1, 2});
  const StripeMask lacking = bit(3);
  for (ScriptedParent* parent : {&f.p1, &f.p2}) {
    parent->give(kAll & ~lacking);
    parent->status.free_slots = static_cast<std::uint16_t>(count(kAll & ~lacking));
  }
  f.run(seconds(2));
  CHECK(f.granted() == (kAll & ~lacking));
  f.p2.give(kAll);
  f.run(seconds(3));
  CHECK(f.granted() == kAll);
}

TEST_CASE("seeking: is at home in the stripe for which there is least room, a relay in all", "[swarm]") {
  const bool relay = GENERATE(false, true);
  constexpr unsigned kScarce = 7;
  StreamingWorld f({1}, relay);
  constexpr unsigned kEach = 3;  // stripes of a host
  for (unsigned s = 0; s < kStriping.all(); s += kEach) {
    wire::PeerRecord record = f.record_of(f.p2);  // of hosts that are not there
    record.home = (bit(s) | bit(s + 1) | bit(s + 2)) & ~bit(kScarce);
    record.record = signed_record(static_cast<std::uint8_t>(50 + s));
    f.p1.introduces.peers.push_back(record);
  }
  f.run(milliseconds(500));
  const auto asked = f.p1.peer.last<wire::Subscribe>();
  REQUIRE(asked);
  CHECK(asked->home == (relay ? kAll : bit(kScarce)));
}

TEST_CASE("seeking: of two as good, who is at home in a stripe is asked for it", "[swarm]") {
  StreamingWorld f({1, 2, 3});
  for (ScriptedParent* parent : {&f.p2, &f.p3}) parent->set_lag(milliseconds(200));
  f.p2.status.home = bit(2);
  f.p3.status.home = bit(3);
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.give(kAll & ~(bit(2) | bit(3)));
  f.p1.child = f.p1.grants;
  f.p1.reply(wire::SubscribeCode::kFull, f.p1.grants);
  f.run(seconds(1));
  CHECK(f.p2.child == bit(2));
  CHECK(f.p3.child == bit(3));
}

TEST_CASE("seeking: who gets nothing of its parents takes nobody's place, until it has left them", "[swarm]") {
  const bool room = GENERATE(false, true);
  StreamingWorld f({1, 2});
  f.p1.give(kAll & ~bit(3));
  f.p2.set_full();
  f.run(seconds(1));
  REQUIRE(f.p1.child == (kAll & ~bit(3)));
  f.withheld = kAll;
  f.run(milliseconds(800));
  REQUIRE(f.p2.subscriptions == 0);
  f.p2.set_full(room ? 0 : kBranchesMin);
  if (room) f.p2.status.free_slots = 1;
  f.run(seconds(2));
  CHECK((f.p2.subscriptions != 0) == room);
  f.p1.peer.up = false;
  f.run(seconds(4));
  CHECK(f.p2.subscriptions != 0);
}

TEST_CASE("seeking: whoever accepts a joiner and sends it nothing does not keep it from another's place", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_full(kBranchesMin);
  f.run(milliseconds(300));
  REQUIRE(f.p1.subscriptions != 0);
  f.p1.grants = 0;
  f.p1.set_full();
  f.p1.peer.say(wire::Bye{wire::ByeReason::kLeaving});
  f.run(seconds(5));
  CHECK(f.p2.subscriptions != 0);
}

TEST_CASE("seeking: of one that has no room left no more than two stripes are asked at a time", "[swarm]") {
  const std::uint8_t place = GENERATE(std::uint8_t{0}, std::uint8_t{kBranchesMin});
  StreamingWorld f({1});
  f.p1.set_full(place);  // in another's place, or since nobody has them
  f.run(milliseconds(900));
  REQUIRE(f.p1.subscriptions > 0);
  for (const wire::Subscribe& asked : f.p1.peer.all<wire::Subscribe>())
    CHECK(count(asked.stripes) <= 2 * f.p1.subscriptions);
}

TEST_CASE("seeking: of one that has room for one stripe it is asked for no more", "[swarm]") {
  StreamingWorld f({1});
  f.p1.status.free_slots = 1;
  f.run(milliseconds(500));
  REQUIRE(f.p1.subscriptions > 0);
  CHECK(count(f.p1.peer.all<wire::Subscribe>().front().stripes) == 1);
}

TEST_CASE("seeking: takes no stripe from whoever has it from it", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  // p2 becomes its child in its home stripe.
  const StripeMask home = f.p1.peer.last<wire::Subscribe>()->home;
  REQUIRE(count(home) == 1);
  f.p2.peer.say(wire::Subscribe{.stripes = home, .window_bytes = 100'000});
  f.run(milliseconds(100));
  REQUIRE(f.p2.peer.last<wire::SubscribeReply>());
  REQUIRE(f.p2.peer.last<wire::SubscribeReply>()->stripes == home);
  f.p1.grants = kAll & ~home;
  f.p1.reply(wire::SubscribeCode::kFull, kAll & ~home);  // it is lost there
  f.run(seconds(1));
  CHECK((f.p2.child & home) == 0);
}
