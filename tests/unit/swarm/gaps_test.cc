#include "libcore/swarm/gaps.h"

#include <functional>
#include <set>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/swarm/net.h"

using namespace spate;
using namespace spate::swarm;
using spate::tests::kStart;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kTimeout = milliseconds(100);
constexpr session::SessionId kParent{1, 0};
constexpr session::SessionId kOther{2, 0};
constexpr Striping kStriping{4, 1};

struct Fixture {
  Fixture() { store.advance_head(100'000); }

  // Missing from now on, and expected by now.
  std::uint64_t notice(std::uint64_t from, std::uint64_t to, Instant now) { return notice(from, to, now, now); }
  std::uint64_t notice(std::uint64_t from, std::uint64_t to, Instant expected, Instant now) {
    return gaps.notice(
        from, to, store,
        [&](std::uint64_t) {
          return Gaps::When{expected, patience_with_unproven};
        },
        now);
  }
  std::optional<wire::RepairRequest> due(Instant now, unsigned copies = 0) {
    wire::RepairRequest request;
    const auto choose = [&](const Gaps::Missing& missing) -> std::optional<RepairTarget> {
      if (held.count(missing.sequence) > 0) return std::nullopt;
      return RepairTarget{whom(missing), kTimeout, queues, loses};
    };
    const auto target = gaps.take_due(now, copies, request, choose);
    if (!target) return std::nullopt;
    asked_last = target->session;
    return request;
  }
  // When an unanswered request is repeated that has been made so often.
  Duration patience(unsigned requests) const {
    return (kTimeout + gaps.reorder_guard()) * (1 << std::min(requests - 1, Gaps::kBackOffMax));
  }
  bool fill(std::uint64_t sequence, Duration rtt, Instant now) { return gaps.on_filled(sequence, rtt, false, now); }
  static std::vector<std::uint64_t> asked(const wire::RepairRequest& request) {
    std::vector<std::uint64_t> all;
    for (const auto& range : request.ranges)
      for (std::uint64_t i = 0; i < range.count; ++i) all.push_back(request.base + range.offset + i);
    return all;
  }
  std::size_t requests_until(Instant end, Instant from, unsigned copies) {
    std::size_t n = 0;
    for (Instant now = from; now <= end; now += milliseconds(1)) n += due(now, copies) ? 1u : 0u;
    return n;
  }

  stream::Store store;
  Gaps gaps;
  Duration patience_with_unproven{};
  std::set<std::uint64_t> held;
  std::function<session::SessionId(const Gaps::Missing&)> whom = [](const Gaps::Missing&) { return kParent; };
  session::SessionId asked_last;
  bool queues = true;
  bool loses = false;
  std::uint64_t at = 100'000 - 10'000;  // a sequence the store covers
};

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("gaps: a missing sequence is asked for after the guard, not before", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  CHECK(f.gaps.next_deadline() == kStart + Gaps::kGuardMin);
  CHECK_FALSE(f.due(kStart + Gaps::kGuardMin - Duration(1)));
  const auto request = f.due(kStart + Gaps::kGuardMin);
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at});
}

TEST_CASE("gaps: what comes within the guard is never asked for", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 3, kStart);
  CHECK_FALSE(f.fill(f.at + 1, milliseconds(20), kStart + milliseconds(1)));
  const auto request = f.due(kStart + seconds(1));
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at, f.at + 2});
}

TEST_CASE("gaps: what the store has or has given up is not missing", "[swarm]") {
  Fixture f;
  f.store.at(f.at + 1).given_up = true;
  f.notice(f.at, f.at + 3, kStart);
  CHECK(f.gaps.size() == 2);
  f.notice(0, 10, kStart);  // below the store's tail
  CHECK(f.gaps.size() == 2);
}

TEST_CASE("gaps: noticing again does not postpone", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  f.notice(f.at, f.at + 1, kStart + milliseconds(1));
  CHECK(f.due(kStart + Gaps::kGuardMin));
}

TEST_CASE("gaps: unanswered, a request is repeated after ever longer patience, up to a bound", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  for (unsigned n = 1; n <= Gaps::kBackOffMax + 3; ++n) {
    CAPTURE(n);
    CHECK(f.gaps.next_deadline() == asked + f.patience(n));
    CHECK_FALSE(f.due(asked + f.patience(n) - Duration(1)));
    asked += f.patience(n);
    REQUIRE(f.due(asked));
  }
  CHECK(f.fill(f.at, milliseconds(20), asked + milliseconds(30)));
  CHECK(f.gaps.empty());
  CHECK_FALSE(f.due(asked + seconds(1)));
}

TEST_CASE("gaps: where the path loses much, patience does not grow", "[swarm]") {
  Fixture f;
  f.loses = true;
  f.notice(f.at, f.at + 1, kStart);
  Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  for (unsigned n = 1; n <= Gaps::kBackOffMax + 3; ++n) {
    CAPTURE(n);
    CHECK_FALSE(f.due(asked + f.patience(1) - Duration(1)));
    REQUIRE(f.due(asked += f.patience(1)));
  }
}

TEST_CASE("gaps: copies of a request follow it closely, and no more of them than asked for", "[swarm]") {
  const unsigned copies = GENERATE(1u, 2u);
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  const Instant first = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(first, copies));
  CHECK_FALSE(f.due(first + Gaps::kCopySpacing - Duration(1), copies));
  CHECK(f.requests_until(first + f.patience(1) - milliseconds(1), first + Gaps::kCopySpacing, copies) == copies);
  const Instant again = first + f.patience(1);
  CHECK(f.requests_until(again + f.patience(2) - milliseconds(1), again, copies) == 1 + copies);
}

TEST_CASE("gaps: what has been asked for in vain is asked of two at once, and of one where answers queue", "[swarm]") {
  Fixture f;
  f.queues = GENERATE(false, true);
  f.notice(f.at, f.at + 1, kStart);
  std::vector<unsigned> turns;
  f.whom = [&](const Gaps::Missing& missing) {
    turns.push_back(missing.turns);
    return kParent;
  };
  const Instant first = kStart + Gaps::kGuardMin;
  CHECK(f.requests_until(first + f.patience(1) - milliseconds(1), first, 0) == 1);
  const Instant again = first + f.patience(1);
  CHECK(f.requests_until(again + f.patience(2) - milliseconds(1), again, 0) == (f.queues ? 1 : 2));
  CHECK(turns == (f.queues ? std::vector<unsigned>{0, 1} : std::vector<unsigned>{0, 1, 2}));
}

TEST_CASE("gaps: so many a second are asked for twice, however much is asked for in vain", "[swarm]") {
  Fixture f;
  f.queues = false;
  constexpr std::uint64_t kMany = 5 * Gaps::kCopiesAgainPerSecond;
  f.notice(f.at, f.at + kMany, kStart);
  std::map<std::uint64_t, unsigned> asked;
  f.whom = [&](const Gaps::Missing& missing) {
    ++asked[missing.sequence];
    return kParent;
  };
  const Instant first = kStart + Gaps::kGuardMin;
  f.requests_until(first + f.patience(1) + Gaps::kCopySpacing, first, 0);
  const auto thrice = std::count_if(asked.begin(), asked.end(), [](const auto& a) { return a.second == 3; });
  CHECK(asked.size() == kMany);
  CHECK(thrice >= 1);
  CHECK(thrice <= static_cast<std::ptrdiff_t>(Gaps::kCopiesAgainPerSecond) + 1);
}

TEST_CASE("gaps: the more is lost the more copies there are", "[swarm]") {
  CHECK(Gaps::copies_for(0, 0) == 0);
  CHECK(Gaps::copies_for(20, 1'000) == 0);
  CHECK(Gaps::copies_for(21, 1'000) == 1);
  CHECK(Gaps::copies_for(40, 1'000) == 1);
  CHECK(Gaps::copies_for(41, 1'000) == 2);
  CHECK(Gaps::copies_for(1'000, 1'000) == 2);
}

TEST_CASE("gaps: copies go no more once the shard has come", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  REQUIRE(f.due(kStart + Gaps::kGuardMin, 1));
  f.fill(f.at, milliseconds(1), kStart + milliseconds(3));
  CHECK_FALSE(f.due(kStart + seconds(1), 1));
}

TEST_CASE("gaps: the guard learns how late shards come by themselves, up to 60 ms", "[swarm]") {
  Fixture f;
  const Instant expected = kStart + milliseconds(100);
  f.notice(f.at, f.at + 1, expected, kStart);
  f.fill(f.at, milliseconds(50), expected + milliseconds(16));
  CHECK(f.gaps.guard() == milliseconds(20));
  f.notice(f.at + 1, f.at + 2, expected, kStart);
  CHECK_FALSE(f.due(expected + milliseconds(20) - Duration(1)));
  f.fill(f.at + 1, milliseconds(50), expected + milliseconds(1));  // an early one does not shorten it
  CHECK(f.gaps.guard() == milliseconds(20));
  f.notice(f.at + 2, f.at + 3, expected, kStart);
  f.fill(f.at + 2, milliseconds(50), expected + milliseconds(500));
  CHECK(f.gaps.guard() == Gaps::kGuardMax);
  CHECK(f.gaps.reorder_guard() == Gaps::kGuardMin);
}

TEST_CASE("gaps: of what is overdue the guard learns how far paths reorder, up to 30 ms", "[swarm]") {
  const bool overtaken = GENERATE(false, true);
  Fixture f;
  const auto overdue = [&](std::uint64_t sequence) {
    f.notice(sequence, sequence + 1, overtaken ? kStart + seconds(1) : kStart, kStart);
    if (overtaken) f.gaps.overtaken(sequence, sequence + 1, wire::kAllStripes, kStriping, kStart);
  };
  overdue(f.at);
  f.fill(f.at, milliseconds(50), kStart + milliseconds(16));
  CHECK(f.gaps.reorder_guard() == milliseconds(20));
  overdue(f.at + 1);
  CHECK_FALSE(f.due(kStart + milliseconds(20) - Duration(1)));
  f.fill(f.at + 1, milliseconds(50), kStart + milliseconds(25));  // its sender had it late itself
  CHECK(f.gaps.reorder_guard() == milliseconds(20));
  overdue(f.at + 2);
  f.fill(f.at + 2, milliseconds(50), kStart + milliseconds(24));
  CHECK(f.gaps.reorder_guard() == Gaps::kReorderMax);
  CHECK(f.gaps.guard() == Gaps::kGuardMin);
}

TEST_CASE("gaps: a shard that comes much faster than an answer could was late, not repaired", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 2, kStart);
  const Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  CHECK_FALSE(f.fill(f.at, milliseconds(40), asked + milliseconds(20)));
  CHECK(f.gaps.reorder_guard() > milliseconds(20));
  CHECK(f.fill(f.at + 1, milliseconds(40), asked + milliseconds(40)));
}

TEST_CASE("gaps: a shard that was held until its list came says nothing of reordering", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  f.gaps.on_filled(f.at, milliseconds(40), true, kStart + milliseconds(20));
  CHECK(f.gaps.reorder_guard() == Gaps::kGuardMin);
  CHECK(f.gaps.empty());
}

TEST_CASE("gaps: how late others come by themselves says nothing of what is overdue", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart + milliseconds(100), kStart);
  f.fill(f.at, milliseconds(50), kStart + milliseconds(500));
  REQUIRE(f.gaps.guard() == Gaps::kGuardMax);
  f.notice(f.at + 1, f.at + 2, kStart + milliseconds(30), kStart);
  f.gaps.overtaken(f.at + 1, f.at + 2, wire::kAllStripes, kStriping, kStart + milliseconds(40));
  const Instant asked = kStart + milliseconds(40) + Gaps::kGuardMin;
  CHECK_FALSE(f.due(asked - Duration(1)));
  CHECK(f.due(asked));
  CHECK_FALSE(f.due(asked + kTimeout + Gaps::kGuardMin - Duration(1)));
  CHECK(f.due(asked + kTimeout + Gaps::kGuardMin));
}

TEST_CASE("gaps: losses make the guards short again", "[swarm]") {
  const Duration wait = GENERATE(milliseconds(0), milliseconds(100));  // overdue, or not
  Fixture f;
  const auto guard = [&] { return wait > Duration::zero() ? f.gaps.guard() : f.gaps.reorder_guard(); };
  f.notice(f.at, f.at + 1, kStart + wait, kStart);
  f.fill(f.at, milliseconds(50), kStart + wait + milliseconds(24));
  REQUIRE(guard() == milliseconds(30));
  Instant now = kStart;
  for (std::uint64_t i = 1; i <= 400; ++i, now += seconds(1)) {
    f.notice(f.at + i, f.at + i + 1, now + wait, now);
    REQUIRE(f.due(now + wait + guard()));
    CHECK(f.fill(f.at + i, milliseconds(50), now + wait + milliseconds(200)));
  }
  CHECK(guard() == Gaps::kGuardMin);
}

TEST_CASE("gaps: a request names neighbours as ranges, and everything once", "[swarm]") {
  Fixture f;
  Sequences missing;
  const auto notice = [&](std::uint64_t from, std::uint64_t count) {
    f.notice(f.at + from, f.at + from + count, kStart);
    for (std::uint64_t i = 0; i < count; ++i) missing.push_back(f.at + from + i);
  };
  notice(0, 1);
  notice(5, 3);
  notice(100, Gaps::kAskedMax - 5);
  notice(9'000, 1);
  const auto request = f.due(kStart + seconds(1));
  REQUIRE(request);
  CHECK(f.asked(*request) == missing);
  CHECK(request->ranges.size() == 1 + 1 + (Gaps::kAskedMax - 5 + 254) / 255 + 1);  // in ranges of at most 255
}

TEST_CASE("gaps: what does not fit into one request goes into the next", "[swarm]") {
  Fixture f;
  Sequences missing;
  for (std::uint64_t i = 0; i < 200; ++i) {
    f.notice(f.at + 2 * i, f.at + 2 * i + 1, kStart);
    missing.push_back(f.at + 2 * i);
  }
  Sequences all;
  const Instant now = kStart + seconds(1);
  for (int i = 0; i < 4; ++i) {
    const auto request = f.due(now);
    REQUIRE(request);
    CHECK(request->ranges.size() == (i < 3 ? wire::kRepairRangesMax : 200 - 3 * wire::kRepairRangesMax));
    for (const std::uint64_t s : f.asked(*request)) all.push_back(s);
  }
  CHECK(all == missing);
  CHECK_FALSE(f.due(now));
}

TEST_CASE("gaps: what is held for its list is not asked for, until it is held no more", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 2, kStart);
  f.held.insert(f.at);
  const auto request = f.due(kStart + milliseconds(5));
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 1});
  f.held.clear();
  const auto later = f.due(kStart + milliseconds(5) + Gaps::kGuardMax);
  REQUIRE(later);
  CHECK(f.asked(*later) == Sequences{f.at});
}

TEST_CASE("gaps: a new parent is asked for everything again of its stripes after the guard", "[swarm]") {
  Fixture f;
  f.at -= f.at % kStriping.data;
  f.notice(f.at, f.at + 8, kStart);
  REQUIRE(f.due(kStart + milliseconds(5)));
  f.gaps.restart(0, bit(1) | bit(2), kStriping, kStart + milliseconds(10));
  f.whom = [&](const Gaps::Missing& missing) {
    CHECK(missing.turns == 0);
    return kParent;
  };
  CHECK_FALSE(f.due(kStart + milliseconds(11)));
  const auto request = f.due(kStart + milliseconds(10) + f.gaps.guard());
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 1, f.at + 2, f.at + 5, f.at + 6});
}

TEST_CASE("gaps: what is below that sequence a new parent is not asked for anew", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 4, kStart);
  REQUIRE(f.due(kStart + milliseconds(5)));
  f.gaps.restart(f.at + 2, wire::kAllStripes, kStriping, kStart + milliseconds(10));
  const auto request = f.due(kStart + milliseconds(10) + f.gaps.guard());
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 2, f.at + 3});
  const auto rest = f.due(kStart + milliseconds(5) + f.patience(1));
  REQUIRE(rest);
  CHECK(f.asked(*rest) == Sequences{f.at, f.at + 1});
}

TEST_CASE("gaps: what somebody does not have the next is asked for at once", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 6, kStart);
  const Instant now = kStart + Gaps::kGuardMin;
  const unsigned copies = GENERATE(0u, 2u);
  REQUIRE(f.due(now, copies));
  f.gaps.ask_next(f.at + 1, f.at + 3, now + Duration(1));
  std::vector<unsigned> requests;
  f.whom = [&](const Gaps::Missing& missing) {
    requests.push_back(missing.requests);
    return kOther;
  };
  const auto request = f.due(now + Duration(1), copies);
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 1, f.at + 2});
  CHECK(requests == std::vector<unsigned>{1, 1});
}

TEST_CASE("gaps: what nobody has been asked for yet waits for its time, whatever somebody does not have", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  f.gaps.ask_next(f.at, f.at + 1, kStart);
  CHECK_FALSE(f.due(kStart + Gaps::kGuardMin - Duration(1)));
  CHECK(f.due(kStart + Gaps::kGuardMin));
}

TEST_CASE("gaps: when nobody has it the asking slows down", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  Instant now = kStart + Gaps::kGuardMin;
  std::size_t requests = 0;
  for (; requests < 100 && f.due(now); ++requests) f.gaps.ask_next(f.at, f.at + 1, now);
  CHECK(requests == Gaps::kTurnsAtOnce + 1);
  CHECK(f.due(now + Gaps::kCopySpacing));  // to another at the same time
  CHECK(f.gaps.next_deadline() == now + f.patience(Gaps::kTurnsAtOnce + 1));
}

TEST_CASE("gaps: what is expected later is asked for a guard after that", "[swarm]") {
  Fixture f;
  f.gaps.notice(
      f.at, f.at + 3, f.store, [&](std::uint64_t s) { return Gaps::When{kStart + milliseconds(10 * (s - f.at))}; },
      kStart);
  for (std::uint64_t i = 0; i < 3; ++i) {
    const Instant when = kStart + milliseconds(10 * i) + Gaps::kGuardMin;
    CHECK(f.gaps.next_deadline() <= when);
    CHECK_FALSE(f.due(when - Duration(1)));
    const auto request = f.due(when);
    REQUIRE(request);
    CHECK(f.asked(*request) == Sequences{f.at + i});
  }
}

TEST_CASE("gaps: what should have come before it was missed is due from now on", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart - seconds(1), kStart);
  CHECK_FALSE(f.due(kStart + Gaps::kGuardMin - Duration(1)));
  CHECK(f.due(kStart + Gaps::kGuardMin));
}

TEST_CASE("gaps: what its own sender has overtaken is overdue, other stripes' are not", "[swarm]") {
  Fixture f;
  f.at -= f.at % kStriping.data;
  f.notice(f.at, f.at + 12, kStart + milliseconds(500), kStart);
  const Instant later = kStart + milliseconds(10);
  f.gaps.overtaken(f.at + 4, f.at + 9, bit(0) | bit(3), kStriping, later);
  CHECK_FALSE(f.due(later + Gaps::kGuardMin - Duration(1)));
  const auto request = f.due(later + Gaps::kGuardMin);
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 4, f.at + 7, f.at + 8});  // neither below nor beyond the range
  const auto rest = f.due(kStart + milliseconds(500) + Gaps::kGuardMin);
  REQUIRE(rest);
  CHECK(f.asked(*rest).size() >= 9);
}

TEST_CASE("gaps: being overtaken neither postpones nor asks again", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  f.gaps.overtaken(0, f.at + 1, wire::kAllStripes, kStriping, kStart + milliseconds(1));
  const Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  f.gaps.overtaken(0, f.at + 1, wire::kAllStripes, kStriping, asked + milliseconds(1));
  CHECK_FALSE(f.due(asked + f.patience(1) - Duration(1)));
  CHECK(f.due(asked + f.patience(1)));
}

TEST_CASE("gaps: what is overdue stays expected at that moment, however much more its sender sends", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 1, kStart);
  Instant now = kStart + Gaps::kGuardMin;
  Instant expected{};
  wire::RepairRequest request;
  const auto nobody_yet = [&](const Gaps::Missing& missing) -> std::optional<RepairTarget> {
    expected = missing.expected;
    return std::nullopt;
  };
  for (int i = 0; i < 100; ++i, now += Gaps::kRecheck) {
    CHECK_FALSE(f.gaps.take_due(now, 0, request, nobody_yet));
    f.gaps.overtaken(0, f.at + 1, wire::kAllStripes, kStriping, now);
  }
  CHECK(expected == kStart);
}

TEST_CASE("gaps: a late shard is measured by when it was expected", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 2, kStart + milliseconds(100), kStart);
  f.fill(f.at, milliseconds(50), kStart + milliseconds(90));  // in time
  CHECK(f.gaps.guard() == Gaps::kGuardMin);
  f.fill(f.at + 1, milliseconds(50), kStart + milliseconds(116));
  CHECK(f.gaps.guard() == milliseconds(20));
}

TEST_CASE("gaps: so many are asked for at a time; the others wait until some have come", "[swarm]") {
  Fixture f;
  f.notice(f.at, f.at + 2 * Gaps::kAskedMax, kStart);
  Instant now = kStart + Gaps::kGuardMin;
  Sequences asked;
  const auto take_all = [&] {
    asked.clear();
    while (const auto request = f.due(now))
      for (const std::uint64_t s : f.asked(*request)) asked.push_back(s);
  };
  take_all();
  CHECK(asked.size() == Gaps::kAskedMax);
  now += Gaps::kRecheck;
  take_all();
  CHECK(asked.empty());
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(f.fill(f.at + i, milliseconds(1), now));
  now += Gaps::kRecheck;
  take_all();
  REQUIRE(asked.size() == 10);
  CHECK(asked.front() == f.at + Gaps::kAskedMax);
}

TEST_CASE("gaps: each request goes to one peer, and the others' share into the next", "[swarm]") {
  Fixture f;
  f.whom = [&](const Gaps::Missing& missing) { return missing.sequence % 2 == 0 ? kParent : kOther; };
  f.at -= f.at % 2;
  f.notice(f.at, f.at + 4, kStart);
  const Instant now = kStart + Gaps::kGuardMin;
  const auto first = f.due(now);
  REQUIRE(first);
  CHECK(f.asked(*first) == Sequences{f.at, f.at + 2});
  CHECK(f.asked_last == kParent);
  CHECK(f.gaps.next_deadline() <= now);
  const auto second = f.due(now);
  REQUIRE(second);
  CHECK(f.asked(*second) == Sequences{f.at + 1, f.at + 3});
  CHECK(f.asked_last == kOther);
  CHECK_FALSE(f.due(now));
}

TEST_CASE("gaps: whoever chooses is told how often it has been asked for", "[swarm]") {
  Fixture f;
  std::vector<unsigned> requests;
  f.whom = [&](const Gaps::Missing& missing) {
    requests.push_back(missing.requests);
    return kParent;
  };
  f.notice(f.at, f.at + 1, kStart);
  Instant now = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(now));
  REQUIRE(f.due(now += f.patience(1)));
  REQUIRE(f.due(now += f.patience(2)));
  CHECK(requests == std::vector<unsigned>{0, 1, 2});
}

TEST_CASE("gaps: older_than() is the highest of those noticed long ago", "[swarm]") {
  Fixture f;
  CHECK_FALSE(f.gaps.older_than(kStart));
  f.notice(f.at, f.at + 2, kStart);
  f.notice(f.at + 5, f.at + 6, kStart + milliseconds(10));
  CHECK_FALSE(f.gaps.older_than(kStart - Duration(1)));
  CHECK(f.gaps.older_than(kStart) == f.at + 1);
  CHECK(f.gaps.older_than(kStart + milliseconds(10)) == f.at + 5);
  f.gaps.drop_below(f.at + 1);
  f.gaps.drop(f.at + 5);
  CHECK(f.gaps.older_than(kStart + seconds(1)) == f.at + 1);
}

TEST_CASE("gaps: the table of missing sequences is bounded, and says where to go on", "[swarm]") {
  Fixture f;
  const std::uint64_t end = f.at + Gaps::kMissingMax + 100;
  const std::uint64_t on = f.notice(f.at, end, kStart);
  CHECK(f.gaps.size() == Gaps::kMissingMax);
  CHECK(on == f.at + Gaps::kMissingMax);
  CHECK(f.notice(on, end, kStart) == on);
  for (std::uint64_t i = 0; i < 40; ++i) f.fill(f.at + i, milliseconds(50), kStart);
  CHECK(f.notice(on, end, kStart) == on + 40);
  CHECK(f.gaps.size() == Gaps::kMissingMax);
  f.gaps.drop_below(end);
  CHECK(f.notice(on + 40, end, kStart) == end);
}

TEST_CASE("gaps: what a lost datagram of its sender has carried is due at once", "[swarm]") {
  Fixture f;
  f.patience_with_unproven = milliseconds(400);
  const std::uint64_t at = f.at - f.at % kStriping.data;
  f.notice(at, at + 4, kStart, kStart);  // of four stripes
  const Instant lost = kStart + milliseconds(20);
  CHECK_FALSE(f.due(lost));
  SECTION("as much as it can have carried") {
    f.gaps.lost(1, bit(2), kStriping, lost, lost + milliseconds(5));
    const auto request = f.due(lost + milliseconds(5));
    REQUIRE(request);
    CHECK(f.asked(*request) == Sequences{at + 2});
  }
  SECTION("less than was lost") {
    f.gaps.lost(3, bit(2) | bit(3), kStriping, lost, lost + milliseconds(5));
    const auto request = f.due(lost + milliseconds(5));
    REQUIRE(request);
    CHECK(f.asked(*request) == Sequences{at + 2, at + 3});
  }
  SECTION("not if more is late than was lost: that may be on its way") {
    f.gaps.lost(1, bit(2) | bit(3), kStriping, lost, lost + milliseconds(5));
    CHECK_FALSE(f.due(lost + milliseconds(5)));
  }
}

TEST_CASE("gaps: what comes later than a lost datagram was not in it", "[swarm]") {
  Fixture f;
  f.patience_with_unproven = milliseconds(400);
  const Instant usual = kStart + milliseconds(40);
  f.notice(f.at, f.at + 1, usual, kStart);
  const StripeMask stripes = kStriping.mask();
  f.gaps.lost(1, stripes, kStriping, usual - Gaps::kUsualSpread - Duration(1), usual);
  CHECK_FALSE(f.due(usual));
  f.gaps.lost(1, stripes, kStriping, usual - Gaps::kUsualSpread, usual);
  CHECK(f.due(usual));
}

TEST_CASE("gaps: a loss that its own stripe has shown already is no other's, too", "[swarm]") {
  const bool shown_since = GENERATE(false, true);
  Fixture f;
  f.patience_with_unproven = milliseconds(400);
  const std::uint64_t at = f.at - f.at % kStriping.data;
  f.notice(at, at + 2, kStart, kStart);
  const Instant lost = kStart + milliseconds(20);
  // Its stripe's next one comes with the proof, or came before, of another loss.
  f.gaps.overtaken(at, at + 2, bit(0), kStriping, shown_since ? lost : lost - milliseconds(1));
  f.held = {at};  // for parity may bring it
  f.gaps.lost(1, bit(0) | bit(1), kStriping, lost, lost + milliseconds(5));
  const auto request = f.due(lost + milliseconds(5));
  CHECK((request ? f.asked(*request) : Sequences{}) == (shown_since ? Sequences{} : Sequences{at + 1}));
}
