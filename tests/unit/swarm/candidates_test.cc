#include "libcore/swarm/candidates.h"

#include "tests/catch.h"
#include "tests/unit/swarm/net.h"

using namespace spate;
using namespace spate::swarm;
using spate::tests::kStart;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

crypto::NodeKey key(std::uint32_t n) {
  crypto::NodeKey k;
  k.bytes[0] = static_cast<std::uint8_t>(n & 0xff);
  k.bytes[1] = static_cast<std::uint8_t>(n >> 8);
  k.bytes[2] = 1;
  return k;
}
Host pinned(std::uint32_t n) { return {Address::v4(10, 0, 0, 1, static_cast<std::uint16_t>(n)), key(n)}; }
wire::PeerRecord hearsay(std::uint32_t n, std::uint16_t free_slots, std::uint32_t lag_us) {
  const wire::Record record{{key(n).bytes}, Address::v4(10, 0, 1, 1, static_cast<std::uint16_t>(n)), 1'000, {}};
  return {record, free_slots, lag_us, 0};
}
constexpr session::SessionId kIntroducer{7, 1};

// As a member does, to which every record is right.
void hear(Candidates& candidates, const wire::PeerRecord& told, session::SessionId introducer,
          Duration round_trip = Duration::max(), Duration life = hours(1)) {
  if (!candidates.update(told, introducer, kStart, round_trip))
    candidates.add_hearsay(told, {told.record.key.bytes}, introducer, life, kStart, round_trip);
}

const Candidate* best(const Candidates& c, Instant now = kStart) {
  return c.best(now, [](const Candidate&) { return true; });
}
std::size_t count(const Candidates& candidates, std::uint32_t keys) {
  std::size_t n = 0;
  for (std::uint32_t i = 0; i < keys; ++i) n += candidates.find(key(i)) != nullptr ? 1u : 0u;
  return n;
}

}  // namespace

TEST_CASE("candidates: among the told, a free slot comes first, then the least lag", "[swarm]") {
  Candidates candidates;
  CHECK(best(candidates) == nullptr);
  hear(candidates, hearsay(1, 0, 10), kIntroducer);
  hear(candidates, hearsay(2, 1, 500), kIntroducer);
  hear(candidates, hearsay(3, 9, 300), kIntroducer);
  REQUIRE(best(candidates) != nullptr);
  CHECK(best(candidates)->key == key(3));
  hear(candidates, hearsay(2, 1, 100), kIntroducer);  // newer word on a known one
  CHECK(best(candidates)->key == key(2));
  const auto wanted = [](const Candidate& c) { return c.key != key(2) && c.key != key(3); };
  CHECK(candidates.best(kStart, wanted)->key == key(1));
}

TEST_CASE("candidates: hearsay does not change a pinned host's address, nor whether it is kept", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  hear(candidates, hearsay(1, 5, 5), kIntroducer);
  CHECK(candidates.find(key(1))->address == pinned(1).address);
  CHECK(candidates.find(key(1))->pinned);
}

TEST_CASE("candidates: hearsay is tried three times, a host of the link for ever", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  hear(candidates, hearsay(2, 1, 1), kIntroducer);
  Instant now = kStart;
  for (unsigned i = 1; i <= 20; ++i, now += seconds(10)) {
    candidates.on_failure(key(1), now);
    candidates.on_failure(key(2), now);
    CHECK(candidates.find(key(1)) != nullptr);
    CHECK((candidates.find(key(2)) != nullptr) == (i < Candidates::kHearsayTries));
  }
  candidates.on_failure(key(99), now);  // never heard of
}

TEST_CASE("candidates: each failure doubles the wait, to 4 s, and a success ends the count", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  Duration wait = milliseconds(250);
  for (int i = 0; i < 8; ++i) {
    candidates.on_failure(key(1), kStart);
    CHECK(best(candidates, kStart + wait - Duration(1)) == nullptr);
    CHECK(best(candidates, kStart + wait) != nullptr);
    wait = std::min<Duration>(2 * wait, seconds(4));
  }
  candidates.on_success(key(1));
  candidates.on_failure(key(1), kStart + hours(1));
  CHECK(best(candidates, kStart + hours(1) + milliseconds(249)) == nullptr);
  CHECK(best(candidates, kStart + hours(1) + milliseconds(250)) != nullptr);
}

TEST_CASE("candidates: a success in between gives hearsay its tries back", "[swarm]") {
  Candidates candidates;
  hear(candidates, hearsay(1, 1, 1), kIntroducer);
  for (int i = 0; i < 10; ++i) {
    candidates.on_failure(key(1), kStart);
    candidates.on_failure(key(1), kStart);
    candidates.on_success(key(1));
  }
  CHECK(candidates.find(key(1)) != nullptr);
}

TEST_CASE("candidates: at most so many; better ones replace the worst, pinned hosts stay", "[swarm]") {
  Candidates candidates;
  for (std::uint32_t i = 0; i < 4; ++i) candidates.add_pinned(pinned(i));
  for (std::uint32_t i = 4; i < 1'000; ++i) hear(candidates, hearsay(i, 1, 100'000 - i), kIntroducer);  // ever better
  CHECK(count(candidates, 1'000) == Candidates::kMax);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(candidates.find(key(i)) != nullptr);
  CHECK(candidates.find(key(999)) != nullptr);
  CHECK(candidates.find(key(4)) == nullptr);
  hear(candidates, hearsay(2'000, 0, 0), kIntroducer);  // no slot: worse than all
  CHECK(candidates.find(key(2'000)) == nullptr);
}

TEST_CASE("candidates: a host with a dead address is tried at its other one next", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  Host other = pinned(1);
  other.address.port = 9;
  candidates.add_pinned(other);
  REQUIRE(best(candidates, kStart) != nullptr);
  CHECK(candidates.has_other_address(*best(candidates, kStart)));
  CHECK(best(candidates, kStart)->address == pinned(1).address);
  candidates.on_failure(key(1), kStart);
  REQUIRE(best(candidates, kStart) != nullptr);
  CHECK(best(candidates, kStart)->address == other.address);
}

TEST_CASE("candidates: whoever told of a host last is who may ask it to let us in", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  CHECK_FALSE(candidates.find(key(1))->introducer);
  hear(candidates, hearsay(1, 5, 5), kIntroducer);
  CHECK(candidates.find(key(1))->introducer == kIntroducer);
  constexpr session::SessionId kOther{8, 1};
  hear(candidates, hearsay(1, 5, 5), kOther);
  CHECK(candidates.find(key(1))->introducer == kOther);
}

TEST_CASE("candidates: they are told with their home, newer word replacing older", "[swarm]") {
  Candidates candidates;
  wire::PeerRecord record = hearsay(1, 5, 5);
  record.home = bit(3);
  hear(candidates, record, kIntroducer);
  CHECK(candidates.find(key(1))->home == bit(3));
  record.home = bit(4);
  hear(candidates, record, kIntroducer);
  CHECK(candidates.find(key(1))->home == bit(4));
}

TEST_CASE("candidates: the nearest is the one that introducers say is, or that was measured to be", "[swarm]") {
  Candidates candidates;
  const auto nearest = [&] { return candidates.nearest(kStart, [](const Candidate&) { return true; }); };
  hear(candidates, hearsay(1, 1, 1), kIntroducer);
  CHECK(nearest() == nullptr);  // nobody knows
  hear(candidates, hearsay(2, 1, 1), kIntroducer, milliseconds(80));
  hear(candidates, hearsay(3, 1, 1), kIntroducer, milliseconds(50));
  CHECK(nearest()->key == key(3));
  hear(candidates, hearsay(2, 1, 1), kIntroducer, milliseconds(30));
  hear(candidates, hearsay(2, 1, 1), kIntroducer, milliseconds(60));  // a longer way
  CHECK(nearest()->key == key(2));
  candidates.on_parted(key(2), milliseconds(20), kStart);
  CHECK(nearest()->key == key(3));  // the other one is not called so soon
  candidates.on_failure(key(2), kStart);
  CHECK(nearest()->key == key(3));
  hear(candidates, hearsay(2, 1, 1), kIntroducer, milliseconds(10));
  CHECK(candidates.find(key(2))->round_trip == milliseconds(20));  // we know better
}

TEST_CASE("candidates: the newest word of where a host is holds, and an older one does not come back", "[swarm]") {
  Candidates candidates;
  wire::PeerRecord moved = hearsay(1, 1, 1);
  moved.record.address.port = 99;
  moved.record.made += 1;
  hear(candidates, hearsay(1, 1, 1), kIntroducer);
  candidates.on_failure(key(1), kStart);
  REQUIRE_FALSE(candidates.update(moved, kIntroducer, kStart));  // to be checked
  hear(candidates, moved, kIntroducer);
  CHECK(candidates.find(key(1))->address.port == 99);
  CHECK(candidates.find(key(1))->failures == 0);
  hear(candidates, hearsay(1, 9, 1), kIntroducer);
  CHECK(candidates.find(key(1))->address.port == 99);
  CHECK(candidates.find(key(1))->free_slots == 9);
}

TEST_CASE("candidates: what says the same as is known is checked again only when it is much younger", "[swarm]") {
  Candidates candidates;
  wire::PeerRecord told = hearsay(1, 1, 1);
  hear(candidates, told, kIntroducer);
  told.record.made += Candidates::kNewerSeconds;
  CHECK(candidates.update(told, kIntroducer, kStart));
  CHECK_FALSE(candidates.update(told, kIntroducer, kStart + hours(1)));  // what is known is too old itself
  ++told.record.made;
  CHECK_FALSE(candidates.update(told, kIntroducer, kStart));
}

TEST_CASE("candidates: no record is what is known of a host of the link that nobody told of", "[swarm]") {
  Candidates candidates;
  candidates.add_pinned(pinned(1));
  wire::PeerRecord nobodys = hearsay(1, 1, 1);
  nobodys.record.key = {};
  CHECK_FALSE(candidates.update(nobodys, kIntroducer, kStart));
}

TEST_CASE("candidates: nobody is called whose record has become too old, until there is another", "[swarm]") {
  Candidates candidates;
  hear(candidates, hearsay(1, 1, 1), kIntroducer, milliseconds(10), seconds(9));
  const auto any = [](const Candidate&) { return true; };
  CHECK(best(candidates, kStart + seconds(9) - Duration(1)) != nullptr);
  CHECK(best(candidates, kStart + seconds(9)) == nullptr);
  CHECK(candidates.nearest(kStart + seconds(9), any) == nullptr);
  wire::PeerRecord newer = hearsay(1, 1, 1);
  newer.record.made += 100;
  hear(candidates, newer, kIntroducer);
  CHECK(best(candidates, kStart + seconds(9)) != nullptr);
}
