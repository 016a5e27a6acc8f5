#include "libcore/swarm/record_check.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::seconds;
using Verdict = RecordCheck::Verdict;

namespace {

constexpr std::uint32_t kNow = 1'700'000'000;
constexpr auto kAge = static_cast<std::uint32_t>(RecordCheck::kAgeMax / seconds(1));
constexpr auto kAhead = static_cast<std::uint32_t>(RecordCheck::kAheadMax / seconds(1));

Duration life(std::uint32_t made, std::optional<std::uint32_t> now) {
  return RecordCheck::life(wire::Record{{}, {}, made, {}}, now);
}

}  // namespace

TEST_CASE("record check: a record lives for five minutes of the publisher's clock", "[swarm]") {
  CHECK(life(kNow, kNow) == RecordCheck::kAgeMax);
  CHECK(life(kNow - kAge + 1, kNow) == seconds(1));
  CHECK(life(kNow - kAge, kNow) <= Duration::zero());
  CHECK(life(kNow - 1'000'000, kNow) <= Duration::zero());
  CHECK(life(0, kNow) <= Duration::zero());
  CHECK(life(UINT32_MAX, 9) == RecordCheck::kAgeMax - seconds(10));  // in 2106
}

TEST_CASE("record check: from the future by more than clocks differ it is not believed", "[swarm]") {
  CHECK(life(kNow + kAhead, kNow) > Duration::zero());
  CHECK(life(kNow + kAhead + 1, kNow) <= Duration::zero());
  CHECK(life(kNow + 1'000'000, kNow) <= Duration::zero());
}

TEST_CASE("record check: who does not know the publisher's clock yet believes what is signed", "[swarm]") {
  CHECK(life(7, std::nullopt) == RecordCheck::kAgeMax);
}

TEST_CASE("record check: right is what its own node signed for this stream", "[swarm]") {
  RecordCheck check(crypto::sodium_suite(), stream_key().public_key);
  crypto::NodeKey node;
  CHECK(check.judge(signed_record(7), node, kStart) == Verdict::kRight);
  CHECK(node == node_keys_of(7).public_key);
  wire::Record elsewhere = signed_record(7);
  elsewhere.address = address_of(8);
  CHECK(check.judge(elsewhere, node, kStart) == Verdict::kForged);
  wire::Record anothers = signed_record(7);
  anothers.key = identity_of(8).key;
  CHECK(check.judge(anothers, node, kStart) == Verdict::kForged);
  wire::Record nobodys = signed_record(7);
  nobodys.key = {};
  CHECK(check.judge(nobodys, node, kStart) == Verdict::kForged);
  RecordCheck of_another(crypto::sodium_suite(), crypto::stream_key_pair({9}).public_key);
  CHECK(of_another.judge(signed_record(7), node, kStart) == Verdict::kForged);
}

TEST_CASE("record check: so many a second, and no verdict beyond", "[swarm]") {
  RecordCheck check(crypto::sodium_suite(), stream_key().public_key);
  crypto::NodeKey node;
  const auto judged = [&](Instant now) {
    std::uint64_t n = 0;
    while (check.judge({}, node, now) != Verdict::kNotNow) ++n;
    return n;
  };
  CHECK(judged(kStart) == RecordCheck::kBurst);
  CHECK(judged(kStart + seconds(1)) == RecordCheck::kPerSecond);
}
