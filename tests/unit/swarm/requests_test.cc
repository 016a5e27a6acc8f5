#include "libcore/swarm/requests.h"

#include <set>

#include "tests/catch.h"
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("requests: asks for repairs so often at most, however much is missing", "[swarm]") {
  StreamingWorld f({1, 2, 3});
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

TEST_CASE("requests: the nearest other is asked before the stripe's parent, unless that is the publisher", "[swarm]") {
  const bool publisher = GENERATE(false, true);
  StreamingWorld f({1, 2});
  if (publisher) f.p1.status.role = wire::Role::kPublisher;
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.run(seconds(1));
  REQUIRE(f.granted() == kAll);
  const std::uint64_t head = f.broadcast.store.head();
  f.withheld = bit(2) | bit(4);  // of p1; more than parity makes good
  f.run(milliseconds(120));      // a block or so
  f.withheld = 0;
  const auto asked = [&](const ScriptedParent& parent) {
    for (const wire::RepairRequest& request : parent.peer.all<wire::RepairRequest>())
      for (const auto& range : request.ranges)
        if (request.base + range.offset >= head) return true;
    return false;
  };
  for (int i = 0; i < 50 && !asked(f.p1) && !asked(f.p2); ++i) f.run(milliseconds(4));
  CHECK(asked(f.p1) == publisher);
  CHECK(asked(f.p2) == !publisher);
}

TEST_CASE("requests: what was lost is asked for before its stripe goes on, but not where the path has a queue",
          "[swarm]") {
  const bool queue = GENERATE(false, true);
  const Duration one_way = queue ? milliseconds(80) : milliseconds(5);
  StreamingWorld f({1, 2});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
  f.run(seconds(1));
  REQUIRE(f.granted() == kAll);
  f.net.delay = [&](const Address& from, const Address& to) {
    return from == f.p1.peer.address || to == f.p1.peer.address ? one_way : milliseconds(5);
  };
  f.run(seconds(8));
  int lose = 2;  // of one block, more than parity makes good
  f.net.fate = [&](const Address& from, const Address&, Bytes datagram) {
    return from != f.p1.peer.address || datagram.size() < 150 || lose-- <= 0;
  };
  const std::uint64_t head = f.broadcast.store.head();
  const auto asked = [&] {
    for (const wire::RepairRequest& request : f.p2.peer.all<wire::RepairRequest>())
      if (request.base >= head) return true;
    return false;
  };
  const Instant since = f.net.now;
  while (!asked() && f.net.now - since < seconds(1)) f.run(milliseconds(4));
  constexpr Duration kPeriod = milliseconds(4) * static_cast<int>(kStriping.data);
  CHECK((f.net.now - since - one_way < kPeriod) == !queue);
}

TEST_CASE("requests: of the others the nearest that answers is asked first", "[swarm]") {
  StreamingWorld f({1, 2, 3});
  const bool answers = GENERATE(false, true);
  f.net.delay = [&](const Address& from, const Address& to) {
    return from == f.p3.peer.address || to == f.p3.peer.address ? milliseconds(30) : milliseconds(10);
  };
  constexpr StripeMask kOfTwo = 0x00f0;
  constexpr StripeMask kOfThree = 0x0f00;
  f.p1.give(kAll & ~(kOfTwo | kOfThree));
  f.p2.give(kOfTwo);  // near
  f.p3.give(kOfThree);
  f.run(seconds(4));  // what was published before it joined is given up by then
  REQUIRE(f.granted() == kAll);
  std::size_t first_asked_near = 0;
  std::size_t first_asked_far = 0;
  std::set<std::uint64_t> asked;
  const auto listen = [&](ScriptedParent& parent, std::size_t& count, bool gives) {
    parent.peer.react = [&, gives, react = parent.peer.react](const wire::Control& message, Instant now) {
      react(message, now);
      const auto* const request = std::get_if<wire::RepairRequest>(&message);
      if (request == nullptr) return;
      for (const auto& range : request->ranges)
        for (std::uint64_t s = request->base + range.offset; s < request->base + range.offset + range.count; ++s) {
          count += asked.insert(s).second ? 1u : 0u;
          if (gives) parent.peer.send_frame(f.broadcast.frame(s));
        }
    };
  };
  listen(f.p2, first_asked_near, answers);
  listen(f.p3, first_asked_far, true);
  for (int i = 0; i < 40; ++i) {
    f.withheld = bit(0) | bit(2) | bit(14);  // of p1; more than parity makes good
    f.run(milliseconds(64));                 // a block
    f.withheld = 0;
    f.run(milliseconds(256));
  }
  CAPTURE(first_asked_near, first_asked_far);
  CHECK(first_asked_near + first_asked_far > 40);
  if (answers)
    CHECK(first_asked_near > 10 * first_asked_far);
  else
    CHECK(first_asked_far > first_asked_near);
}

TEST_CASE("requests: a shard that its stripe's parent has not is asked of another", "[swarm]") {
  StreamingWorld f({1, 2});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
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

TEST_CASE("requests: what a parent has not is asked of the next at once, what the publisher has not of nobody",
          "[swarm]") {
  const bool publisher = GENERATE(false, true);
  StreamingWorld f({1, 2});
  f.p1.give(kEven);
  f.p2.give(kAll & ~kEven);
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
    if (told && !asked_next) asked_next = now;
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
