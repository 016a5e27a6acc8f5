#include "libcore/swarm/member.h"

#include "tests/catch.h"
#include "tests/unit/swarm/scripted_world.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("member: who grants what it has through us is left, and not asked again at once", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.run(seconds(3));
  CHECK(f.p1.child == 0);
  CHECK(f.p1.subscriptions <= 8);
}

TEST_CASE("member: a parent whose path comes to contain it is left at once", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.p1.tell_status();
  f.run(milliseconds(300));
  CHECK(f.has(f.p2));
  CHECK(f.p1.child == 0);
}

TEST_CASE("member: a goodbye is believed at once", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  const Instant said = f.net.now;
  f.p1.peer.say(wire::Bye{wire::ByeReason::kLeaving});
  f.p1.child = 0;
  f.run(seconds(1));
  REQUIRE(f.has(f.p2));
  CHECK(f.viewer.parent_since - said <= milliseconds(150));
}

TEST_CASE("member: a parent that has forgotten it is asked once more, and left if it refuses", "[swarm]") {
  const bool refuses = GENERATE(false, true);
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  if (refuses) f.p1.grants = 0;
  f.p1.subscriptions = 0;
  f.p1.peer.say(wire::SubscribeReply{.code = wire::SubscribeCode::kNoStream});
  f.run(milliseconds(300));
  CHECK(f.has(refuses ? f.p2 : f.p1));
  CHECK(f.p1.subscriptions == 1);
}

TEST_CASE("member: lost replies are asked for again", "[swarm]") {
  ScriptedWorld f({1});
  std::size_t n = 0;
  crypto::ChaChaRng rng(3);
  f.net.fate = [&](const Address&, const Address&, Bytes) { return ++n < 4 || rng.below(3) != 0; };
  f.run(seconds(4));
  CHECK(f.has(f.p1));
}

TEST_CASE("member: reports ten times a second, and says where it goes on to a new parent", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.p1.first = 0;
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  CHECK(f.p1.peer.all<wire::Subscribe>().back().first == wire::kFromNewest);
  f.p1.peer.heard.clear();
  f.run(seconds(1));
  CHECK(f.p1.peer.all<wire::Report>().size() >= 9);
  CHECK(f.p1.peer.all<wire::Report>().size() <= 14);  // with what comes
  f.p1.peer.up = false;
  f.run(seconds(2));
  REQUIRE(f.has(f.p2));
  CHECK(f.p2.peer.all<wire::Subscribe>().back().first == 0);  // nothing has come yet
}

TEST_CASE("member: while the stream flows little else wakes it, and its parent hears of it all the same", "[swarm]") {
  StreamingWorld f({1});
  f.run(seconds(2));
  f.viewer.deadlines = 0;
  f.p1.peer.heard.clear();
  f.run(seconds(10));
  CHECK(f.viewer.deadlines < 150);
  CHECK(f.p1.peer.all<wire::Report>().size() >= 70);
  CHECK(f.p1.peer.all<wire::Report>().size() <= 100);
  CHECK(f.p1.peer.all<wire::Ping>().size() >= 30);
  CHECK(f.p1.peer.all<wire::Ping>().size() <= 40);
  // When it pauses, whether the parent lives is asked with each report.
  f.p1.peer.heard.clear();
  f.net.run_for(seconds(1));
  CHECK(f.p1.peer.all<wire::Ping>().size() >= 6);
}

TEST_CASE("member: where a parent of long ago began is no reason to leave it", "[swarm]") {
  ScriptedWorld f({1});
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  f.p1.tell_info(2 * stream::Store::kSlots, 60'000'000);
  f.run(milliseconds(100));
  f.p1.reply(wire::SubscribeCode::kAccepted, kStriping.mask());
  f.run(milliseconds(300));
  CHECK(f.p1.child == kStriping.mask());
}

TEST_CASE("member: an acceptance that comes too late is declined", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.run(seconds(1));
  REQUIRE(f.viewer.parent());
  ScriptedParent& other = f.has(f.p1) ? f.p2 : f.p1;
  other.peer.heard.clear();
  other.reply(wire::SubscribeCode::kAccepted, kStriping.mask());
  f.run(milliseconds(100));
  CHECK(other.peer.all<wire::Unsubscribe>().size() == 1);
}

TEST_CASE("member: one who sends what cannot be true is left", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  auto forged = f.p1.info_frame;
  forged[18] ^= 1;  // the media time: it claims to be news
  f.p1.peer.send_frame(forged);
  f.run(milliseconds(300));
  CHECK(f.has(f.p2));
}

TEST_CASE("member: strangers can neither end its stream nor make holes in it", "[swarm]") {
  ScriptedWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  f.p2.peer.say(wire::Head{500});
  f.p2.peer.say(wire::Hole{0, 500});
  f.p2.peer.say(wire::Bye{wire::ByeReason::kEnded});
  f.p2.reply(wire::SubscribeCode::kFull, 0);
  f.p2.peer.say(wire::SubscribeReply{.code = wire::SubscribeCode::kNoStream});
  f.run(seconds(1));
  CHECK(f.has(f.p1));
  CHECK(f.viewer.parents.size() == 1);
  CHECK_FALSE(f.viewer.stopped);
  CHECK(f.p1.peer.last<wire::Report>()->seen == 0);
  CHECK(f.p1.peer.all<wire::RepairRequest>().empty());
}

TEST_CASE("member: with a parent that has nothing to say of the publisher it stalls after idle_timeout", "[swarm]") {
  JoinConfig config = join_config({});
  config.idle_timeout = seconds(3);
  ScriptedWorld f({1}, config);
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  CHECK_FALSE(f.viewer.stopped);
  f.p1.tell_info(0, 2'000'000);
  f.run(seconds(2));
  CHECK_FALSE(f.viewer.stopped);
  f.run(seconds(2));
  CHECK(f.viewer.stopped == StopReason::kStalled);
}

TEST_CASE("member: while the publisher goes on and nobody sends what it has, it stalls after idle_timeout", "[swarm]") {
  JoinConfig config = join_config({});
  config.idle_timeout = seconds(6);
  ScriptedWorld f({1}, config);
  const bool has_more = GENERATE(false, true);
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  const auto tell_for = [&](int from, int to) {
    for (int second = from; second < to; ++second) {
      f.p1.tell_info(has_more ? 100u : 0u, static_cast<std::uint64_t>(second) * 1'000'000);
      f.run(seconds(1));
    }
  };
  tell_for(2, 7);
  CHECK_FALSE(f.viewer.stopped);
  CHECK(f.viewer.starved == (has_more ? 1 : 0));
  tell_for(7, 10);
  CHECK(f.viewer.stopped == (has_more ? std::optional(StopReason::kStalled) : std::nullopt));
  CHECK(f.viewer.fell_silent.empty());
}

TEST_CASE("member: where only a run is offered that is over it does not join, and tells why", "[swarm]") {
  JoinConfig config = join_config({});
  config.epoch_min = stream::kEpoch + 1;
  config.connect_timeout = seconds(3);
  ScriptedWorld f({1}, config);
  const bool ended = GENERATE(false, true);
  f.p1.tell_info(0, 2'000'000, stream::kEpoch, ended);
  f.run(seconds(2));
  CHECK_FALSE(f.viewer.stopped);
  CHECK(f.viewer.parents.empty());
  f.run(seconds(2));
  CHECK(f.viewer.stopped == StopReason::kOldRun);
  CHECK(f.viewer.epochs.empty());
}

TEST_CASE("member: displaced, it follows to whoever took its place, which is let in by the parent", "[swarm]") {
  StreamingWorld f({1});
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.peer.heard.clear();
  f.p1.peer.say(wire::Displaced{bit(3), f.record_of(f.p2, bit(3))});
  f.run(milliseconds(400));
  CHECK(f.p2.child == bit(3));
  CHECK(f.p1.child == (kAll & ~bit(3)));
  CHECK(f.p1.peer.all<wire::Rendezvous>() == std::vector<wire::Rendezvous>{{f.p2.peer.keys.public_key}});
}

TEST_CASE("member: displaced without a word by whom, it seeks elsewhere and keeps the rest", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.peer.say(wire::Displaced{bit(3), {}});
  f.run(milliseconds(400));
  CHECK(f.p2.child == bit(3));
  CHECK(f.p1.child == (kAll & ~bit(3)));
}

TEST_CASE("member: a parent cannot make it call many by displacing it in one stripe", "[swarm]") {
  StreamingWorld f({1});
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.peer.heard.clear();
  for (std::uint8_t n = 0; n < 50; ++n) {
    wire::PeerRecord stranger = f.record_of(f.p2, bit(3));
    stranger.record = signed_record(static_cast<std::uint8_t>(100 + n));
    f.p1.peer.say(wire::Displaced{bit(3), stranger});
  }
  f.run(milliseconds(100));
  CHECK(f.p1.peer.all<wire::Rendezvous>().size() == 1);  // one for each call
}

TEST_CASE("member: it calls nobody in its own host, nor where nobody can be, whoever says so", "[swarm]") {
  ScriptedWorld f({1});
  f.run(milliseconds(500));
  REQUIRE(f.has(f.p1));
  std::vector<Address> called;
  f.net.fate = [&](const Address& from, const Address& to, Bytes) {
    if (from == f.viewer.address && to != f.p1.peer.address) called.push_back(to);
    return true;
  };
  wire::Peers peers;
  for (const Address& told : {Address::v4(127, 0, 0, 1, 7'400), Address::v4(169, 254, 0, 1, 7'400),
                              Address::v4(239, 0, 0, 1, 7'400), Address::v4(10, 0, 0, 2, 22), Address{}})
    peers.peers.push_back(
        {signed_record(static_cast<std::uint8_t>(50 + peers.peers.size()), told), 40, 1'000, kStriping.mask()});
  f.p1.peer.say(peers);
  f.p1.peer.say(wire::Displaced{bit(0), peers.peers[0]});
  f.run(seconds(1));
  CHECK(called.empty());
  CHECK(f.viewer.swarm->stats(f.net.now).refused_addresses == 6);
  f.p1.peer.say(wire::Displaced{bit(1), ScriptedWorld::record_of(f.p2)});
  f.run(milliseconds(100));
  CHECK_FALSE(called.empty());
}

TEST_CASE("member: whoever names somebody where it is not, by its own word, is heard no more", "[swarm]") {
  ScriptedWorld f({1}, join_config({3}));
  f.run(milliseconds(500));
  REQUIRE(f.has(f.p1));
  bool called = false;
  f.net.fate = [&](const Address& from, const Address& to, Bytes) {
    called = called || (from == f.viewer.address && to == address_of(99));
    return true;
  };
  wire::PeerRecord told = ScriptedWorld::record_of(f.p2);
  told.record.address = address_of(99);
  const bool displaced = GENERATE(false, true);
  if (displaced)
    f.p1.peer.say(wire::Displaced{bit(1), told});
  else
    f.p1.peer.say(wire::Peers{{told, ScriptedWorld::record_of(f.p2)}});
  f.run(milliseconds(100));
  CHECK_FALSE(called);
  CHECK_FALSE(f.p2.peer.connected());  // nor is what else it says believed
  CHECK(f.viewer.swarm->stats(f.net.now).forged_records == 1);
  f.run(seconds(1));
  CHECK(f.has(f.p3));
}

TEST_CASE("member: a record that is old, or from the future, is not believed, and is nobody's fault", "[swarm]") {
  ScriptedWorld f({1});
  f.p1.tell_info(0, 1'000'000'000);  // the run is 1,000 s old
  f.run(milliseconds(500));
  REQUIRE(f.has(f.p1));
  const auto age = GENERATE(-1'000, 301, 290);
  wire::PeerRecord told = ScriptedWorld::record_of(f.p2);
  told.record = signed_record(2, f.p2.peer.address, static_cast<std::uint32_t>(1'000 - age));
  f.p1.peer.say(wire::Peers{{told}});
  f.run(seconds(3));
  CHECK(f.p2.peer.connected() == (age == 290));
  CHECK(f.has(f.p1));
  CHECK(f.viewer.swarm->stats(f.net.now).forged_records == 0);
}

TEST_CASE("member: a way that changes again and again is told so often only, and then as it is", "[swarm]") {
  Net net;
  SwarmHost member(5, join_config({1}), 0);
  ScriptedParent parent(1);
  ScriptedPeer child(2);
  net.add(member);
  net.add(parent.peer);
  net.add(child);
  net.run_for(milliseconds(500));
  REQUIRE(member.parent());
  child.dial(5, net.now);
  net.run_for(milliseconds(100));
  child.say(wire::Subscribe{});
  net.run_for(milliseconds(200));
  REQUIRE(child.last<wire::SubscribeReply>());
  REQUIRE(child.last<wire::SubscribeReply>()->stripes != 0);
  const std::size_t before = child.all<wire::Status>().size();
  for (wire::ShortId hop = 1; hop <= 200; ++hop) {
    parent.status.routes = {wire::Route{kStriping.mask(), {}}};
    parent.status.routes[0].path.push_back(hop);
    parent.tell_status();
    child.say(wire::Report{});
    net.run_for(milliseconds(5));
  }
  net.run_for(milliseconds(150));
  const std::size_t told = child.all<wire::Status>().size() - before;
  CHECK(told >= 16);
  CHECK(told <= 24);  // ten at once, ten in that second, and once a second as ever
  REQUIRE_FALSE(child.last<wire::Status>()->routes.empty());
  CHECK(child.last<wire::Status>()->routes[0].path[0] == 200);  // behind it is this one
}

TEST_CASE("member: nobody but its parent displaces it", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p2.peer.say(wire::Displaced{kAll, f.record_of(f.p2)});
  f.run(milliseconds(400));
  CHECK(f.p1.child == kAll);
  CHECK(f.p2.child == 0);
}

TEST_CASE("member: the head of one that gives some stripes only says nothing of the others", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.run(seconds(1));
  REQUIRE(f.granted() == kAll);
  const std::uint64_t head = f.broadcast.store.head();
  f.p1.peer.say(wire::Head{head + 500});
  f.run(milliseconds(50));
  for (const ScriptedParent* parent : {&f.p1, &f.p2}) {
    REQUIRE(parent->peer.last<wire::Report>());
    CHECK(parent->peer.last<wire::Report>()->seen < head + 100);
  }
}
