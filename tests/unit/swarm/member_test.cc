#include "libcore/swarm/member.h"

#include "tests/catch.h"
#include "tests/unit/swarm/broadcast.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint8_t kSelf = 10;

// One viewer and parents that say what the test wants.
struct Fixture {
  explicit Fixture(std::initializer_list<std::uint8_t> link, const JoinConfig& base = join_config({}))
      : viewer(kSelf, with_hosts(base, link)) {
    net.add(viewer);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) net.add(parent->peer);
  }
  static JoinConfig with_hosts(JoinConfig config, std::initializer_list<std::uint8_t> link) {
    for (const std::uint8_t host : link) config.hosts.push_back(host_of(host));
    return config;
  }
  // Everybody who has the child says something, as a parent does that sends the stream.
  void run(Duration d) {
    for (const Instant end = net.now + d; net.now < end;) {
      for (ScriptedParent* parent : {&p1, &p2, &p3})
        if (parent->child != 0 && parent->peer.up && !parent->mute) parent->peer.say(wire::Head{0});
      net.run_for(milliseconds(20));
    }
  }
  static wire::PeerRecord record_of(const ScriptedParent& parent) {
    return {parent.peer.keys.public_key, parent.peer.address, 40, 1'000, kStriping.mask()};
  }
  bool has(const ScriptedParent& parent) const { return viewer.parent() == parent.peer.address; }

  Net net;
  SwarmHost viewer;
  ScriptedParent p1{1};
  ScriptedParent p2{2};
  ScriptedParent p3{3};
};

}  // namespace

TEST_CASE("member: subscribes to the parent through which the stream comes soonest", "[swarm]") {
  Fixture f({1, 2, 3});
  f.p1.set_lag(milliseconds(300));
  f.p2.set_lag(milliseconds(50));
  f.p3.set_lag(milliseconds(200));
  f.run(seconds(1));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions + f.p3.subscriptions == 0);
}

TEST_CASE("member: a parent's lag and half the way to it count together", "[swarm]") {
  Fixture f({1, 2});
  f.net.delay = [&](const Address& from, const Address& to) {
    const bool far = from == f.p1.peer.address || to == f.p1.peer.address;
    return far ? milliseconds(50) : milliseconds(5);
  };
  f.p1.set_lag(milliseconds(10));
  f.p2.set_lag(milliseconds(40));
  f.run(seconds(2));
  CHECK(f.has(f.p2));
}

TEST_CASE("member: is accepted within three round trips and the time given to better parents", "[swarm]") {
  Fixture f({1});
  f.net.run_until_holds(seconds(1), [&] { return f.viewer.parent().has_value(); });
  REQUIRE(f.has(f.p1));
  CHECK(f.viewer.parent_since - kStart <= milliseconds(3 * 10 + 60 + 5));
}

TEST_CASE("member: a full host's introduction leads to a parent", "[swarm]") {
  Fixture f({1});
  f.p1.set_full();
  f.p1.status.home = 0;  // nobody would give way to us there
  f.p1.introduces.peers.push_back(f.record_of(f.p2));
  f.run(seconds(1));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions == 0);
}

TEST_CASE("member: refused by one that had seemed free, it goes to another", "[swarm]") {
  Fixture f({1});
  f.p1.grants = 0;
  f.p1.introduces.peers.push_back(f.record_of(f.p2));
  f.p2.set_lag(milliseconds(500));  // p1 looks better
  f.run(seconds(2));
  CHECK(f.has(f.p2));
  CHECK(f.p1.subscriptions >= 1);
  CHECK(f.p1.subscriptions <= 3);
}

TEST_CASE("member: nobody is taken who has the stream through it, who has no slot, or no stream", "[swarm]") {
  Fixture f({1, 2, 3});
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.p1.grants = 0;  // it knows, too
  f.p1.refusal = wire::SubscribeCode::kLoop;
  f.p2.set_full();
  f.p2.status.home = 0;
  f.p3.status.receiving = false;
  f.run(seconds(3));
  CHECK_FALSE(f.viewer.parent());
  CHECK(f.p1.subscriptions <= 8);
  CHECK(f.p2.subscriptions + f.p3.subscriptions == 0);
}

TEST_CASE("member: who grants what it has through us is left, and not asked again at once", "[swarm]") {
  Fixture f({1});
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.run(seconds(3));
  CHECK(f.p1.child == 0);
  CHECK(f.p1.subscriptions <= 8);
}

TEST_CASE("member: a parent whose path comes to contain it is left at once", "[swarm]") {
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  f.p1.come_by(node_keys_of(kSelf).public_key);
  f.p1.tell_status();
  f.run(milliseconds(300));
  CHECK(f.has(f.p2));
  CHECK(f.p1.child == 0);
}

TEST_CASE("member: a dead parent is noticed within 1 s and replaced", "[swarm]") {
  const Duration one_way = GENERATE(as<Duration>{}, milliseconds(1), milliseconds(5), milliseconds(60));
  Fixture f({1, 2});
  f.net.delay = [&](const Address&, const Address&) { return one_way; };
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  f.p1.peer.up = false;
  const Instant died = f.net.now;
  f.run(seconds(3));
  REQUIRE(f.has(f.p2));
  CHECK(f.viewer.parent_since - died <= Member::kDeadMax + milliseconds(200) + 6 * one_way);
}

TEST_CASE("member: a parent that still says anything is not dead", "[swarm]") {
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(20));
  CHECK(f.has(f.p1));
  CHECK(f.viewer.parents.size() == 1);
  CHECK(f.viewer.swarm->stats(f.net.now).parent_switches == 0);
}

TEST_CASE("member: a parent without a parent is waited for, but not for ever", "[swarm]") {
  Fixture f({1, 2});
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
    CHECK(f.viewer.parent_since - orphaned >= Member::kOrphanPatience);
    CHECK(f.viewer.parent_since - orphaned <= Member::kOrphanPatience + milliseconds(300));
  }
}

TEST_CASE("member: a goodbye is believed at once", "[swarm]") {
  Fixture f({1, 2});
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
  Fixture f({1, 2});
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
  Fixture f({1});
  std::size_t n = 0;
  crypto::ChaChaRng rng(3);
  f.net.fate = [&](const Address&, const Address&, Bytes) { return ++n < 4 || rng.below(3) != 0; };
  f.run(seconds(4));
  CHECK(f.has(f.p1));
}

TEST_CASE("member: reports ten times a second, and says where it goes on to a new parent", "[swarm]") {
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.p1.first = 0;
  f.run(seconds(1));
  REQUIRE(f.has(f.p1));
  CHECK(f.p1.peer.all<wire::Subscribe>().back().first == wire::kFromNewest);
  f.p1.peer.heard.clear();
  f.run(seconds(1));
  CHECK(f.p1.peer.all<wire::Report>().size() >= 9);
  CHECK(f.p1.peer.all<wire::Report>().size() <= 12);
  f.p1.peer.up = false;
  f.run(seconds(2));
  REQUIRE(f.has(f.p2));
  CHECK(f.p2.peer.all<wire::Subscribe>().back().first == 0);  // nothing has come yet
}

TEST_CASE("member: an acceptance that comes too late is declined", "[swarm]") {
  Fixture f({1, 2});
  f.run(seconds(1));
  REQUIRE(f.viewer.parent());
  ScriptedParent& other = f.has(f.p1) ? f.p2 : f.p1;
  other.peer.heard.clear();
  other.reply(wire::SubscribeCode::kAccepted, kStriping.mask());
  f.run(milliseconds(100));
  CHECK(other.peer.all<wire::Unsubscribe>().size() == 1);
}

TEST_CASE("member: one who sends what cannot be true is left", "[swarm]") {
  Fixture f({1, 2});
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
  Fixture f({1, 2});
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

TEST_CASE("member: keeps few others warm, and none of the link's hosts", "[swarm]") {
  Fixture f({1});
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

TEST_CASE("member: with a parent that has nothing to say of the publisher it stalls after idle_timeout", "[swarm]") {
  JoinConfig config = join_config({});
  config.idle_timeout = seconds(3);
  Fixture f({1}, config);
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  CHECK_FALSE(f.viewer.stopped);
  f.p1.tell_info(0, 2'000'000);
  f.run(seconds(2));
  CHECK_FALSE(f.viewer.stopped);
  f.run(seconds(2));
  CHECK(f.viewer.stopped == StopReason::kStalled);
}

TEST_CASE("member: a parent that lives and sends nothing of what was published is left, whatever it says", "[swarm]") {
  Fixture f({1, 2});
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
  CHECK(f.net.now - since <= Member::kStarved + milliseconds(600));
  // Nobody else is left: better it than nobody.
  f.p2.peer.up = false;
  f.run(seconds(4));
  CHECK(f.has(f.p1));
}
