// Who gets which stripe: slots, displacing and what follows from it.
#include "libcore/swarm/children.h"
#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr unsigned kData = 16;

// Children without a network: nothing is sent.
struct Fixture {
  explicit Fixture(std::uint32_t capacity_milli, const Striping& striping = {kData, 0})
      : children(capacity_milli, store, peers, outbox, upload) {
    children.set_striping(striping);
    children.set_home(striping.mask());
  }
  static session::SessionId child(std::uint32_t n) { return {n, 0}; }
  // What it has been granted then.
  StripeMask subscribe(std::uint32_t n, StripeMask stripes, std::uint16_t slots = 0, StripeMask home = 0) {
    const wire::Subscribe request{
        .stripes = stripes, .first = 0, .window_bytes = 100'000, .slots = slots, .home = home};
    last = children.subscribe(child(n), request, wire::kAllStripes, 0, true, now);
    return last.stripes;
  }
  StripeMask subscribe_hosts_only(std::uint32_t n, StripeMask stripes) {
    const wire::Subscribe request{.stripes = stripes, .first = 0, .window_bytes = 100'000, .hosts_only = true};
    return children.subscribe(child(n), request, wire::kAllStripes, 0, true, now).stripes;
  }
  // Which of them anybody may have; or who has so many slots for one.
  StripeMask open_to(unsigned branches) const {
    StripeMask open = 0;
    for_each_stripe(children.striping().mask(),
                    [&](unsigned s) { open |= children.places()[s] <= branches ? bit(s) : 0; });
    return open;
  }

  Instant now = kStart;
  crypto::ChaChaRng rng{1};
  BufferPool pool;
  session::Endpoint endpoint{crypto::sodium_suite(), rng, pool};
  stream::Store store;
  Outbox outbox{pool};
  Peers peers{endpoint, outbox};
  TokenBucket upload{0, 0};
  Children children;
  wire::SubscribeReply last;
};

constexpr StripeMask kAll = first_stripes(kData);

}  // namespace

TEST_CASE("children: a slot is one stripe of one child, as many as the capacity carries", "[swarm]") {
  Fixture f(2'500);
  CHECK(f.children.slots() == 40);
  CHECK(f.children.free_slots() == 40);
  CHECK(f.subscribe(1, bit(0) | bit(5)) == (bit(0) | bit(5)));
  CHECK(f.last.code == wire::SubscribeCode::kAccepted);
  CHECK(f.children.free_slots() == 38);
  CHECK(f.children.stripes(f.child(1)) == (bit(0) | bit(5)));
  CHECK_FALSE(f.children.whole(f.child(1)));
  CHECK(f.subscribe(2, wire::kAllStripes) == kAll);
  CHECK(f.children.whole(f.child(2)));
  CHECK(f.children.free_slots() == 22);
}

TEST_CASE("children: a request takes the place of the one before it", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, bit(0) | bit(1)) == (bit(0) | bit(1)));
  CHECK(f.subscribe(1, bit(1) | bit(2)) == (bit(1) | bit(2)));
  CHECK(f.children.free_slots() == kData - 2);
  CHECK(f.subscribe(2, bit(0)) == bit(0));  // free again
  CHECK(f.subscribe(1, 0) == 0);
  CHECK_FALSE(f.children.has(f.child(1)));
}

TEST_CASE("children: what there is room for is granted, and the rest refused", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll & ~(bit(3) | bit(7))) != 0);
  CHECK(f.subscribe(2, kAll) == (bit(3) | bit(7)));
  CHECK(f.last.code == wire::SubscribeCode::kFull);
  CHECK(f.subscribe(3, kAll) == 0);
  CHECK_FALSE(f.children.has(f.child(3)));
  CHECK(f.open_to(0) == 0);
}

TEST_CASE("children: what is not allowed is not granted, and called a loop", "[swarm]") {
  Fixture f(1'000);
  const wire::Subscribe request{.stripes = bit(0) | bit(1)};
  const auto reply = f.children.subscribe(f.child(1), request, bit(1), 0, true, f.now);
  CHECK(reply.stripes == bit(1));
  CHECK(reply.code == wire::SubscribeCode::kLoop);
}

TEST_CASE("children: who is at home in all stripes keeps room for each", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, bit(0)) == bit(0));
  CHECK(f.subscribe(2, bit(0)) == 0);
  CHECK(f.open_to(0) == (kAll & ~bit(0)));
  CHECK(f.children.free_slots() == kData - 1);
}

TEST_CASE("children: what room there is is for any stripe, at home here or not", "[swarm]") {
  Fixture f(125);  // two slots
  f.children.set_home(bit(4));
  REQUIRE(f.children.slots() == 2);
  CHECK(f.open_to(0) == kAll);
  CHECK(f.subscribe(1, bit(5)) == bit(5));
  CHECK(f.subscribe(2, bit(5) | bit(6)) == bit(5));
  CHECK(f.children.free_slots() == 0);
  CHECK(f.open_to(0) == 0);
}

TEST_CASE("children: of many slots some are kept for those that pass on what they get", "[swarm]") {
  Fixture f(8'000);
  std::uint32_t n = 0;
  while (f.subscribe(++n, kAll) == kAll) REQUIRE(n < 8);
  CHECK(f.children.free_slots() > 0);
  CHECK(f.children.free_slots() <= f.children.slots() / 8);
  const std::uint16_t before = f.children.free_slots();
  CHECK(f.subscribe(50, bit(2), 0, bit(2)) == 0);  // it says that it has no slots
  CHECK(f.open_to(1) == 0);
  CHECK(f.open_to(2) == kAll);
  CHECK(f.subscribe(51, bit(2), 2, bit(2)) == bit(2));
  CHECK(f.children.free_slots() == before - 1);
  CHECK(f.children.take_displaced().empty());
}

TEST_CASE("children: whoever takes a place and has no slots is not named to who had it", "[swarm]") {
  Fixture f(1'100);
  REQUIRE(f.subscribe(1, kAll & ~bit(1)) == (kAll & ~bit(1)));
  for (std::uint32_t n = 2; f.children.free_slots() > 0; ++n) REQUIRE(f.subscribe(n, bit(n)) == bit(n));
  REQUIRE(f.children.take_displaced().empty());
  // Somebody must have stripe 1, and two have others.
  CHECK(f.subscribe(20, bit(1)) == bit(1));
  const auto displaced = f.children.take_displaced();
  REQUIRE(displaced.size() == 1);
  CHECK_FALSE(displaced[0].by);
}

TEST_CASE("children: where a stripe is full, who passes on more displaces a leaf", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll) == kAll);
  CHECK(f.subscribe(2, bit(3), 40, bit(3)) == bit(3));
  const auto displaced = f.children.take_displaced();
  REQUIRE(displaced.size() == 1);
  CHECK(displaced[0].session == f.child(1));
  CHECK(displaced[0].stripes == bit(3));
  CHECK(displaced[0].by == f.child(2));
  CHECK(f.children.take_displaced().empty());
  CHECK(f.children.passed_on_by(f.child(2)) == bit(3));
}

TEST_CASE("children: who passes on little displaces nobody", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll) == kAll);
  CHECK(f.subscribe(2, bit(3), 0, bit(3)) == 0);
  CHECK(f.subscribe(3, bit(3), 1, bit(3)) == 0);
  CHECK(f.subscribe(4, bit(3), 7, bit(4)) == 0);  // elsewhere a slot is for one of many stripes
  CHECK(f.children.take_displaced().empty());
}

TEST_CASE("children: who passes on others displaces those that take only, and gives way to a home", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll) == kAll);
  CHECK(f.open_to(1) == 0);
  CHECK(f.open_to(2) == kAll);
  CHECK(f.subscribe(2, bit(3), 8, bit(4)) == bit(3));
  CHECK(f.subscribe(3, bit(3), 15, bit(4)) == 0);  // not twice as many
  CHECK(f.open_to(2) == (kAll & ~bit(3)));
  CHECK(f.open_to(4) == kAll);
  CHECK(f.subscribe(4, bit(3), 4, bit(3)) == bit(3));
  CHECK(f.open_to(7) == (kAll & ~bit(3)));
  CHECK_FALSE(f.children.has(f.child(3)));
}

TEST_CASE("children: what matters least gives way, whatever stripe it is of", "[swarm]") {
  Fixture f(125);  // two slots
  f.children.set_home(bit(4));
  REQUIRE(f.children.slots() == 2);
  REQUIRE(f.subscribe(1, bit(4), 40, bit(4)) == bit(4));
  REQUIRE(f.subscribe(2, bit(5)) == bit(5));
  CHECK(f.subscribe(3, bit(4), 40, bit(4)) == bit(4));
  const auto displaced = f.children.take_displaced();
  REQUIRE(displaced.size() == 1);
  CHECK(displaced[0].session == f.child(2));
  CHECK(displaced[0].stripes == bit(5));
}

TEST_CASE("children: of the slots a fair part is believed of each stripe", "[swarm]") {
  constexpr Striping kWithParity{kData, 1};
  CHECK(branches(bit(3), 40, 3, kWithParity) == 40);
  CHECK(branches(bit(3), 40, 4, kWithParity) == 10);
  CHECK(branches(bit(3), 40, kData, kWithParity) == 10);
  CHECK(branches(bit(3) | bit(4), 65'535, 4, kWithParity) == 127);
  CHECK(branches(wire::kAllStripes, 65'535, 4, kWithParity) == 14);
  CHECK(branches(bit(3), 65'535, 4, kWithParity) == 14);
}

TEST_CASE("children: who passes on a stripe gives way only to one that passes on much more", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll, 10, bit(3)) == kAll);
  CHECK(f.subscribe(2, bit(3), 15, bit(3)) == 0);
  CHECK(f.subscribe(3, bit(3), 40, bit(3)) == bit(3));
  // Elsewhere it is a leaf.
  CHECK(f.subscribe(4, bit(5), 4, bit(5)) == bit(5));
}

TEST_CASE("children: who claims every stripe and more slots than anybody has takes no place of those that pass on one",
          "[swarm]") {
  Fixture f(1'000);
  for (unsigned s = 0; s < kData; ++s) REQUIRE(f.subscribe(s + 1, bit(s), 9, bit(s)) == bit(s));
  for (std::uint32_t n = 100; n < 120; ++n) CHECK(f.subscribe(n, wire::kAllStripes, 65'535, wire::kAllStripes) == 0);
  CHECK(f.children.take_displaced().empty());
  CHECK(f.subscribe(120, wire::kAllStripes, 65'535, bit(3)) == bit(3));  // that one place
  CHECK(f.subscribe(121, wire::kAllStripes, 65'535, bit(3)) == 0);
}

TEST_CASE("children: a relay, which passes on every stripe, does not give way to those that pass on one", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, wire::kAllStripes, 16'384, wire::kAllStripes) == kAll);
  for (unsigned s = 0; s < kData; ++s) CHECK(f.subscribe(s + 2, bit(s), 128, bit(s)) == 0);
  CHECK(f.children.take_displaced().empty());
}

TEST_CASE("children: a displaced stripe is served for a while, and counted no more", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll) == kAll);
  REQUIRE(f.subscribe(2, bit(3), 40, bit(3)) == bit(3));
  CHECK(f.children.free_slots() == 0);
  CHECK(f.children.next_deadline() <= f.now + Children::kDisplacedFor);
  f.children.handle_deadline(f.now + Children::kDisplacedFor - Duration(1));
  CHECK(f.children.stripes(f.child(1)) == kAll);
  f.children.handle_deadline(f.now + Children::kDisplacedFor);
  CHECK(f.children.stripes(f.child(1)) == (kAll & ~bit(3)));
}

TEST_CASE("children: who has been displaced in all it had is gone after the while", "[swarm]") {
  Fixture f(63);  // one slot
  REQUIRE(f.children.slots() == 1);
  REQUIRE(f.subscribe(1, bit(3)) == bit(3));
  REQUIRE(f.subscribe(2, bit(3), 40, bit(3)) == bit(3));
  CHECK(f.children.has(f.child(1)));
  f.children.handle_deadline(f.now + Children::kDisplacedFor);
  CHECK_FALSE(f.children.has(f.child(1)));
  CHECK(f.children.has(f.child(2)));
}

TEST_CASE("children: who was displaced and finds another parent may give the rest back at once", "[swarm]") {
  Fixture f(1'000);
  REQUIRE(f.subscribe(1, kAll) == kAll);
  REQUIRE(f.subscribe(2, bit(3), 40, bit(3)) == bit(3));
  CHECK(f.subscribe(1, kAll & ~bit(3)) == (kAll & ~bit(3)));
  CHECK(f.children.stripes(f.child(1)) == (kAll & ~bit(3)));
}

TEST_CASE("children: who has children of its own in a stripe counts as at home there, whatever it asks for then",
          "[swarm]") {
  Fixture f(125);  // two slots
  f.children.set_home(bit(4));
  REQUIRE(f.subscribe(1, bit(4), 40, bit(7)) == bit(4));
  REQUIRE(f.subscribe(2, bit(4), 40, bit(4)) == bit(4));
  CHECK(f.children.places()[4] == 2 * 10);
  wire::Report report;
  report.slots = 40;
  report.passes_on = bit(7) | bit(4);
  f.children.on_report(f.child(1), report, f.now);
  CHECK(f.children.places()[4] == 2 * 40);
  REQUIRE(f.subscribe(1, bit(4), 40, bit(7)) == bit(4));
  CHECK(f.children.places()[4] == 2 * 40);
}

TEST_CASE("children: what nobody has yet is given of the reserve, in nobody's place", "[swarm]") {
  Fixture f(8'000);
  std::uint32_t n = 0;
  while (f.children.free_slots() > 16 && n < 20) f.subscribe(++n, kAll & ~bit(1));
  while (n < 40 && f.subscribe(++n, bit(2) | bit(3) | bit(4)) != 0) {
  }
  REQUIRE(f.children.free_slots() > 0);
  CHECK(f.open_to(0) == bit(1));
  f.children.take_displaced();
  const auto free = f.children.free_slots();
  CHECK(f.subscribe(90, bit(1)) == bit(1));
  CHECK(f.children.take_displaced().empty());
  CHECK(f.children.free_slots() == free - 1);
}

TEST_CASE("children: who has nobody but the link's hosts takes the place of who could look elsewhere, up to a share",
          "[swarm]") {
  Fixture f(3'000);
  for (const std::uint32_t n : {1u, 2u, 3u}) CHECK(f.subscribe(n, kAll, 200, kAll) == kAll);
  CHECK(f.children.free_slots() == 0);
  CHECK(f.subscribe_hosts_only(4, kAll) == kAll);
  CHECK(f.children.used() == 48);
  for (const Children::DisplacedChild& displaced : f.children.take_displaced()) CHECK_FALSE(displaced.by);
  CHECK(f.subscribe_hosts_only(5, kAll) == 0);
}

TEST_CASE("children: who has nobody but the link's hosts keeps the share, whoever comes, and no more than that",
          "[swarm]") {
  Fixture f(3'000);
  CHECK(f.subscribe_hosts_only(1, kAll) == kAll);
  CHECK(f.subscribe_hosts_only(2, kAll) == kAll);  // nobody else is there
  for (const std::uint32_t n : {3u, 4u}) f.subscribe(n, kAll, 200, kAll);
  CHECK(f.children.stripes(f.child(3)) == kAll);
  f.now += seconds(1);
  f.children.handle_deadline(f.now);
  CHECK(count(f.children.stripes(f.child(1)) & kAll) + count(f.children.stripes(f.child(2)) & kAll) == kData);
}

TEST_CASE("children: what somebody must have is not left to those that have nobody but the link's hosts", "[swarm]") {
  Fixture f(1'000);
  CHECK(f.subscribe(1, kAll, 2, kAll) == kAll);
  CHECK(f.subscribe_hosts_only(2, kAll) == 0);
  Fixture g(3'000);
  CHECK(g.subscribe_hosts_only(1, kAll) == kAll);
  g.children.set_home(kAll);
  CHECK(g.open_to(0) == kAll);
  CHECK(g.subscribe(2, kAll) == kAll);
}
