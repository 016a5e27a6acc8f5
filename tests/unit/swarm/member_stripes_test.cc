// A member and its stripes: several parents, its home, guests, and parents that give way.
#include "libcore/swarm/member.h"
#include "tests/catch.h"
#include "tests/unit/swarm/broadcast.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr StripeMask kAll = first_stripes(kStriping.data + kStriping.parity);
constexpr StripeMask kEven = 0x5555555555555555 & kAll;

// One viewer, and parents that send it what it has from them of a stream.
struct Fixture {
  explicit Fixture(std::initializer_list<std::uint8_t> link, bool relay = false) : viewer(10, config(link, relay)) {
    net.add(viewer);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) {
      net.add(parent->peer);
      parent->info_frame = broadcast.info(net.now);
    }
  }
  static JoinConfig config(std::initializer_list<std::uint8_t> link, bool relay) {
    JoinConfig config = join_config(link);
    config.output = !relay;
    return config;
  }
  void run(Duration d) {
    for (const Instant end = net.now + d; net.now < end; net.run_for(milliseconds(4))) {
      broadcast.source->push(ByteVector(100, 1), net.now);
      auto parity = made_parity();
      broadcast.source->handle_deadline(net.now);
      for (const stream::ParityId& id : made_parity()) parity.push_back(id);
      for (ScriptedParent* parent : {&p1, &p2, &p3})
        parent->peer.media_us = static_cast<std::uint64_t>(to_us(net.now - kStart));
      const std::uint64_t head = broadcast.store.head();
      for (; sent < head; ++sent)
        for (ScriptedParent* parent : {&p1, &p2, &p3})
          if (gives(*parent, kStriping.of(sent))) parent->peer.send_frame(broadcast.frame(sent));
      for (const stream::ParityId& id : parity) send_parity(id);
    }
  }
  std::vector<stream::ParityId> made_parity() const {
    const auto made = broadcast.source->made_parity();
    return {made.begin(), made.end()};
  }
  void send_parity(const stream::ParityId& id) {
    const stream::Block* const block = broadcast.store.blocks().find(id.first);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) {
      if (parent->child == 0 || parent->mute) continue;
      parent->peer.send_frame(block->list.bytes());
      if (gives(*parent, kStriping.data + id.index)) parent->peer.send_frame(block->parity[id.index].bytes());
    }
  }
  bool gives(const ScriptedParent& parent, unsigned stripe) const {
    return !parent.mute && (parent.child & ~withheld & bit(stripe)) != 0;
  }
  static wire::PeerRecord record_of(const ScriptedParent& parent, StripeMask home = kAll) {
    return {parent.peer.keys.public_key, parent.peer.address, 40, 1'000, home};
  }
  StripeMask granted() const { return p1.child | p2.child | p3.child; }

  Net net;
  SwarmHost viewer;
  ScriptedParent p1{1};
  ScriptedParent p2{2};
  ScriptedParent p3{3};
  Broadcast broadcast{stream::kEpoch, std::nullopt, kStriping};
  std::uint64_t sent = 0;
  StripeMask withheld = 0;  // nobody sends it
};

}  // namespace

TEST_CASE("member: the stripes that one parent has no room for come from others", "[swarm]") {
  Fixture f({1, 2});
  f.p1.status.open = f.p1.grants = kEven;
  f.p2.status.open = f.p2.grants = kAll & ~kEven;
  f.p1.status.home = kEven;
  f.p2.status.home = kAll & ~kEven;
  f.run(seconds(1));
  CHECK(f.p1.child == kEven);
  CHECK(f.p2.child == (kAll & ~kEven));
  CHECK(f.viewer.swarm->stats(f.net.now).parents == 2);
  CHECK(f.viewer.swarm->stats(f.net.now).lost_packets == 0);
}

TEST_CASE("member: a stripe that nobody has room for goes on being sought", "[swarm]") {
  Fixture f({1, 2});
  const StripeMask lacking = bit(3);
  for (ScriptedParent* parent : {&f.p1, &f.p2}) {
    parent->status.open = parent->grants = kAll & ~lacking;
    parent->status.home = kAll & ~lacking;
    parent->status.free_slots = static_cast<std::uint16_t>(count(kAll & ~lacking));
  }
  f.run(seconds(2));
  CHECK(f.granted() == (kAll & ~lacking));
  f.p2.status.open = f.p2.status.home = f.p2.grants = kAll;
  f.run(seconds(3));
  CHECK(f.granted() == kAll);
}

TEST_CASE("member: is at home in the stripe for which there is least room, a relay in all", "[swarm]") {
  const bool relay = GENERATE(false, true);
  constexpr unsigned kScarce = 7;
  Fixture f({1}, relay);
  for (unsigned s = 0; s < wire::kPeersMax + 1u; ++s) {
    if (s == kScarce) continue;
    wire::PeerRecord record = f.record_of(f.p2, bit(s));  // of hosts that are not there
    record.key = node_keys_of(static_cast<std::uint8_t>(50 + s)).public_key;
    record.address = address_of(static_cast<std::uint8_t>(50 + s));
    f.p1.introduces.peers.push_back(record);
  }
  f.run(milliseconds(500));
  const auto asked = f.p1.peer.last<wire::Subscribe>();
  REQUIRE(asked);
  CHECK(asked->home == (relay ? kAll : bit(kScarce)));
}

TEST_CASE("member: a stripe that falls silent while the others go on is had from another", "[swarm]") {
  const unsigned stripe = GENERATE(3u, 16u);  // of data, and of parity
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(2));
  REQUIRE(f.p1.child == kAll);
  f.withheld = bit(stripe);
  const Instant since = f.net.now;
  while (f.p2.child == 0 && f.net.now - since < seconds(5)) f.run(milliseconds(20));
  CHECK(f.net.now - since >= Member::kStripeSilent);
  // Its parent speaks, for it sends the others.
  if (stripe < kStriping.data) CHECK(f.net.now - since <= Member::kSpeaksSilent + milliseconds(200));
  f.withheld = 0;
  f.run(milliseconds(200));
  CHECK(f.p2.child == bit(stripe));
  CHECK(f.p1.child == (kAll & ~bit(stripe)));
}

TEST_CASE("member: a parent that sends nothing any more is waited for longer if it answers", "[swarm]") {
  const bool answers = GENERATE(false, true);
  Fixture f({1, 2, 3});
  f.p1.status.open = f.p1.status.home = f.p1.grants = kEven;
  f.p2.status.open = f.p2.status.home = f.p2.grants = kAll & ~kEven;
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
  if (answers) CHECK(f.net.now - since >= Member::kSpeaksSilent - kTurn);
  if (!answers) CHECK(f.net.now - since < Member::kSpeaksSilent - kTurn);
}

TEST_CASE("member: asks for repairs so often at most, however much is missing", "[swarm]") {
  Fixture f({1, 2, 3});
  f.run(seconds(2));
  const auto asked = [&] {
    std::size_t n = 0;
    for (const ScriptedParent* parent : {&f.p1, &f.p2, &f.p3}) n += parent->peer.all<wire::RepairRequest>().size();
    return n;
  };
  const std::size_t before = asked();
  crypto::ChaChaRng rng(5);
  for (int i = 0; i < 200; ++i) {  // four seconds
    f.withheld = rng.u32() & rng.u32();
    f.run(milliseconds(20));
  }
  CHECK(asked() - before >= 20);
  CHECK(asked() - before <= 32 + 4 * 48);
}

TEST_CASE("member: when everything falls silent no stripe is blamed for it", "[swarm]") {
  Fixture f({1, 2});
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

TEST_CASE("member: displaced, it follows to whoever took its place, which is let in by the parent", "[swarm]") {
  Fixture f({1});
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
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p1.peer.say(wire::Displaced{bit(3), {}});
  f.run(milliseconds(400));
  CHECK(f.p2.child == bit(3));
  CHECK(f.p1.child == (kAll & ~bit(3)));
}

TEST_CASE("member: nobody but its parent displaces it", "[swarm]") {
  Fixture f({1, 2});
  f.p2.set_lag(milliseconds(400));
  f.run(seconds(1));
  REQUIRE(f.p1.child == kAll);
  f.p2.peer.say(wire::Displaced{kAll, f.record_of(f.p2)});
  f.run(milliseconds(400));
  CHECK(f.p1.child == kAll);
  CHECK(f.p2.child == 0);
}

TEST_CASE("member: stripes whose homes have no room it asks others for, as a guest", "[swarm]") {
  Fixture f({1});
  f.p1.status.home = f.p1.status.open = bit(0);
  f.run(seconds(1));
  CHECK(f.p1.child == kAll);
  CHECK(f.p1.peer.last<wire::Subscribe>()->guest);
}

TEST_CASE("member: is no guest where a home has room", "[swarm]") {
  Fixture f({1, 2});
  f.p1.set_lag(milliseconds(0));
  f.p1.status.home = f.p1.status.open = bit(0);
  f.p2.set_lag(milliseconds(40));
  f.run(seconds(2));
  CHECK((f.p1.child & ~bit(0)) == 0);
  for (const wire::Subscribe& subscribe : f.p2.peer.all<wire::Subscribe>()) CHECK_FALSE(subscribe.guest);
  CHECK(f.granted() == kAll);
}

TEST_CASE("member: takes no stripe from whoever has it from it", "[swarm]") {
  Fixture f({1, 2});
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

TEST_CASE("member: a shard that its stripe's parent has not is asked of another", "[swarm]") {
  Fixture f({1, 2});
  f.p1.status.open = f.p1.status.home = f.p1.grants = kEven;
  f.p2.status.open = f.p2.status.home = f.p2.grants = kAll & ~kEven;
  f.run(seconds(1));
  REQUIRE(f.granted() == kAll);
  const std::uint64_t head = f.broadcast.store.head();
  f.withheld = bit(2) | bit(4);  // more than parity makes good
  f.run(milliseconds(120));      // a block or so
  f.withheld = 0;
  const auto asked = [&](const ScriptedParent& parent) {
    std::vector<std::uint64_t> all;
    for (const wire::RepairRequest& request : parent.peer.all<wire::RepairRequest>())
      for (const auto& range : request.ranges)
        for (std::uint64_t i = 0; i < range.count; ++i)
          if (request.base + range.offset + i >= head) all.push_back(request.base + range.offset + i);
    return all;
  };
  f.run(milliseconds(700));
  REQUIRE_FALSE(asked(f.p1).empty());
  REQUIRE_FALSE(asked(f.p2).empty());
  const auto of_p2 = asked(f.p2);
  CHECK(std::all_of(of_p2.begin(), of_p2.end(),
                    [](std::uint64_t s) { return (bit(kStriping.of(s)) & (bit(2) | bit(4))) != 0; }));
}

TEST_CASE("member: what a parent has not is asked of the next at once, what the publisher has not of nobody",
          "[swarm]") {
  const bool publisher = GENERATE(false, true);
  Fixture f({1, 2});
  f.p1.status.open = f.p1.status.home = f.p1.grants = kEven;
  f.p2.status.open = f.p2.status.home = f.p2.grants = kAll & ~kEven;
  if (publisher) f.p1.status.role = wire::Role::kPublisher;
  f.run(seconds(4));  // what was published before it joined is given up by then
  REQUIRE(f.granted() == kAll);
  const std::uint64_t head = f.broadcast.store.head();
  const std::uint64_t lost = f.viewer.swarm->stats(f.net.now).lost_packets;
  // p1 has none of what is asked of it, and says so.
  std::optional<Instant> told;
  std::optional<Instant> asked_next;
  const auto with_holes = [&](ScriptedParent& parent, auto on_asked) {
    parent.peer.react = [&, on_asked, react = parent.peer.react](const wire::Control& message, Instant now) {
      react(message, now);
      const auto* const request = std::get_if<wire::RepairRequest>(&message);
      if (request != nullptr && request->base >= head) on_asked(*request, now);
    };
  };
  with_holes(f.p1, [&](const wire::RepairRequest& request, Instant now) {
    for (const auto& range : request.ranges) f.p1.peer.say(wire::Hole{request.base + range.offset, range.count});
    if (!told) told = now;
  });
  with_holes(f.p2, [&](const wire::RepairRequest&, Instant now) {
    if (!asked_next) asked_next = now;
  });
  f.withheld = bit(2) | bit(4);  // more than parity makes good
  f.run(milliseconds(80));       // a block or so
  f.withheld = 0;
  f.run(milliseconds(500));
  REQUIRE(told);
  CHECK(asked_next.has_value() == !publisher);
  if (asked_next) CHECK(*asked_next - *told <= milliseconds(20));  // a round trip, and the net's steps
  CHECK((f.viewer.swarm->stats(f.net.now).lost_packets > lost) == publisher);
}

TEST_CASE("member: the head of one that gives some stripes only says nothing of the others", "[swarm]") {
  Fixture f({1, 2});
  f.p1.status.open = f.p1.status.home = f.p1.grants = kEven;
  f.p2.status.open = f.p2.status.home = f.p2.grants = kAll & ~kEven;
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

TEST_CASE("member: two stripes that come much sooner through another are both had from it", "[swarm]") {
  Fixture f({1, 2});
  f.p2.set_full();
  f.p2.status.home = 0;
  f.net.delay = [&](const Address& from, const Address& to) {
    const bool far = from == f.p1.peer.address || to == f.p1.peer.address;
    return far ? milliseconds(120) : milliseconds(5);
  };
  f.p1.set_lag(milliseconds(0));
  f.run(seconds(3));
  REQUIRE(f.p1.child == kAll);
  f.p2.grants = f.p2.status.home = f.p2.status.open = bit(2) | bit(5);
  f.p2.status.free_slots = 2;
  f.p2.set_lag(milliseconds(0));
  for (int i = 0; i < 1'000 && f.p2.child == 0; ++i) f.run(milliseconds(10));
  REQUIRE(f.p2.child != 0);
  f.run(milliseconds(300));
  CHECK(f.p2.child == (bit(2) | bit(5)));
}
