#include "libcore/session/path_check.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};
const Address kOld = Address::v4(10, 0, 0, 1, 1000);
const Address kNew = Address::v4(10, 0, 0, 1, 1001);  // a box that rebinds: another port

Address numbered(std::size_t i) { return Address::v4(192, 0, 2, static_cast<std::uint8_t>(i), 7); }

struct Check {
  crypto::ChaChaRng rng{1};
  PathCheck check;
  Instant now = kStart;

  PathCheck::Challenges packet(const Address& from, std::size_t bytes = 100) {
    return check.on_packet(from, bytes, kOld, rng, now);
  }
};

}  // namespace

TEST_CASE("path check: the new address and the old are challenged, with tokens of their own", "[session]") {
  Check c;
  const auto challenges = c.packet(kNew);
  REQUIRE(challenges.size() == 2);
  CHECK(challenges[0].to == kNew);
  CHECK(challenges[1].to == kOld);
  CHECK(challenges[0].token != challenges[1].token);
}

TEST_CASE("path check: an answer from the new path alone moves it, when the old had its time", "[session]") {
  Check c;
  const auto challenges = c.packet(kNew);
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(2)));
  c.now += milliseconds(50);
  c.check.on_response(challenges[0].token, c.now);
  CHECK(c.check.ask_again(c.now + milliseconds(13)));
  CHECK(c.check.next_deadline(c.now) == c.now + milliseconds(75));
  CHECK_FALSE(c.check.on_deadline(c.now + milliseconds(74)));
  CHECK(c.check.on_deadline(c.now + milliseconds(75)) == kNew);
}

TEST_CASE("path check: a peer whose old path answers, sooner or later, is not followed", "[session]") {
  const bool old_first = GENERATE(true, false);
  Check c;
  const auto challenges = c.packet(kNew);
  c.now += milliseconds(50);
  c.check.on_response(challenges[old_first ? 1 : 0].token, c.now);
  c.now += milliseconds(10);
  c.check.on_response(challenges[old_first ? 0 : 1].token, c.now);
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(2)));
  c.now += seconds(1);
  CHECK(c.packet(kNew).empty());  // nor asked again and again
  c.now += seconds(2);
  CHECK(c.packet(kNew).size() == 2);
}

TEST_CASE("path check: the old address is asked twice more when the new one has answered", "[session]") {
  Check c;
  const auto challenges = c.packet(kNew);  // the old one's is lost, or its answer
  c.now += milliseconds(50);
  CHECK(c.check.on_response(challenges[0].token, c.now) == challenges[1].token);
  CHECK_FALSE(c.check.on_response(challenges[0].token, c.now));
  CHECK(c.packet(kNew).empty());
  CHECK_FALSE(c.check.ask_again(c.now));
  CHECK(c.check.next_deadline(c.now) == c.now + std::chrono::microseconds(12'500));
  c.now += milliseconds(13);
  CHECK(c.check.ask_again(c.now) == challenges[1].token);
  CHECK_FALSE(c.check.ask_again(c.now + milliseconds(13)));
  c.now += milliseconds(61);  // by a slower way than the new one
  CHECK_FALSE(c.check.on_response(challenges[1].token, c.now));
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(2)));
}

TEST_CASE("path check: answers that nobody was asked for, or too late, change nothing", "[session]") {
  Check c;
  const auto challenges = c.packet(kNew);
  c.check.on_response({}, c.now);
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(2)));
  c.now += PathCheck::kLife;
  c.check.on_response(challenges[0].token, c.now);
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(1)));
  CHECK(c.check.next_deadline(c.now) == kNever);
}

TEST_CASE("path check: a lost challenge is repeated, the same, after 100 ms", "[session]") {
  Check c;
  const auto first = c.packet(kNew);
  c.now += milliseconds(99);
  CHECK(c.packet(kNew).empty());
  c.now += milliseconds(1);
  const auto again = c.packet(kNew);
  REQUIRE(again.size() == 2);
  CHECK(again[0].token == first[0].token);
  CHECK(again[1].token == first[1].token);
}

TEST_CASE("path check: to a new address go no more bytes than came from it", "[session]") {
  Check c;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  for (int i = 0; i < 500; ++i) {
    received += kDataOverhead;
    for (const auto& challenge : c.packet(kNew, kDataOverhead))
      if (challenge.to == kNew) sent += PathCheck::kDatagramBytes;
    if (c.check.may_answer(kNew, kNew, kOld, c.now)) sent += PathCheck::kDatagramBytes;
    REQUIRE(sent <= received);
    c.now += milliseconds(7);
  }
  CHECK(sent > 0);
  CHECK_FALSE(c.check.may_answer(numbered(1), numbered(1), kOld, c.now));  // from there nothing newer has come
}

TEST_CASE("path check: four addresses at most, the oldest forgotten, 40 rounds a second", "[session]") {
  Check c;
  std::vector<PathCheck::Challenges> asked;
  for (std::size_t i = 0; i < 6; ++i) {
    asked.push_back(c.packet(numbered(i)));
    REQUIRE(asked.back().size() == 2);
    c.now += PathCheck::kRoundSpacing;
  }
  for (std::size_t i : {0u, 1u}) c.check.on_response(asked[i][0].token, c.now);
  CHECK_FALSE(c.check.on_deadline(c.now + seconds(1)));
  c.check.on_response(asked[2][0].token, c.now);
  CHECK(c.check.on_deadline(c.now + seconds(1)) == numbered(2));
  std::size_t rounds = 0;
  for (std::size_t ms = 0; ms < 1'000; ++ms, c.now += milliseconds(1)) rounds += !c.packet(numbered(ms % 256)).empty();
  CHECK(rounds <= 40);
}

TEST_CASE("path check: the peer's challenges are answered 8 at once and 40 a second", "[session]") {
  Check c;
  int answered = 0;
  for (int i = 0; i < 100; ++i) answered += c.check.may_answer(kOld, kOld, kOld, c.now);
  CHECK(answered == 8);
  for (int i = 0; i < 100; ++i) answered += c.check.may_answer(kOld, kNew, kOld, c.now);
  CHECK(answered == 16);  // what somebody forwards is answered, too, but not in their place
  for (int ms = 1; ms <= 1'000; ++ms) answered += c.check.may_answer(kOld, kOld, kOld, c.now + milliseconds(ms));
  CHECK(answered == 56);
  CHECK(c.check.next_deadline(c.now) != kNever);
}
