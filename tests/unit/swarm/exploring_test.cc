#include "libcore/swarm/exploring.h"

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("exploring: keeps few others warm, and none of the link's hosts", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.introduces.peers.push_back(f.record_of(f.p2));
  f.p1.introduces.peers.push_back(f.record_of(f.p3));
  f.p2.set_lag(milliseconds(900));
  f.p3.set_lag(milliseconds(900));
  f.run(seconds(10));
  REQUIRE(f.has(f.p1));
  CHECK(f.p2.peer.connected());
  CHECK(f.p3.peer.connected());
  CHECK(f.p2.subscriptions + f.p3.subscriptions == 0);
}

TEST_CASE("exploring: two stripes that come much sooner through another are both had from it", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_full();
  f.net.delay = [&](const Address& from, const Address& to) {
    const bool far = from == f.p1.peer.address || to == f.p1.peer.address;
    return far ? milliseconds(120) : milliseconds(5);
  };
  f.p1.set_lag(milliseconds(0));
  f.run(seconds(3));
  REQUIRE(f.p1.child == kAll);
  f.p2.give(bit(2) | bit(5));
  f.p2.status.free_slots = 2;
  f.p2.set_lag(milliseconds(0));
  for (int i = 0; i < 1'000 && f.p2.child == 0; ++i) f.run(milliseconds(10));
  REQUIRE(f.p2.child != 0);
  f.run(milliseconds(300));
  CHECK(f.p2.child == (bit(2) | bit(5)));
}

TEST_CASE("exploring: takes the place of another where it has slots enough for that stripe, and gains much",
          "[swarm]") {
  const bool near = GENERATE(true, false);
  StreamingWorld f({1, 2});
  f.p2.set_full();
  f.net.delay = [&](const Address& from, const Address& to) {
    const bool far = from == f.p1.peer.address || to == f.p1.peer.address;
    return milliseconds(far ? 120 : near ? 5 : 90);
  };
  f.run(seconds(3));
  REQUIRE(f.p1.child == kAll);
  const auto asked = f.p1.peer.last<wire::Subscribe>();
  REQUIRE(asked);
  const unsigned mine = branches(asked->home, asked->slots, 2, kStriping);
  REQUIRE(mine >= kBranchesMin);
  REQUIRE((asked->home & (bit(2) | bit(5))) == 0);
  f.p2.give(bit(2) | bit(5));
  f.p2.set_full();
  f.p2.status.stripes[2].place = static_cast<std::uint8_t>(mine);
  f.p2.status.stripes[5].place = static_cast<std::uint8_t>(mine + 1);
  f.run(seconds(12));
  CHECK(f.p2.child == (near ? bit(2) : 0));
}
