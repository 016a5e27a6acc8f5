#include "libcore/swarm/gaps.h"

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

struct Fixture {
  Fixture() { store.advance_head(100'000); }

  std::optional<wire::RepairRequest> due(Instant now, bool lossy = false) {
    wire::RepairRequest request;
    const auto skip = [&](std::uint64_t sequence) { return held.count(sequence) > 0; };
    return gaps.take_due(now, kTimeout, lossy, request, skip) ? std::optional(request) : std::nullopt;
  }
  bool fill(std::uint64_t sequence, Duration rtt, Instant now) { return gaps.on_filled(sequence, rtt, false, now); }
  static std::vector<std::uint64_t> asked(const wire::RepairRequest& request) {
    std::vector<std::uint64_t> all;
    for (const auto& range : request.ranges)
      for (std::uint64_t i = 0; i < range.count; ++i) all.push_back(request.base + range.offset + i);
    return all;
  }
  std::size_t requests_until(Instant end, Instant from, bool lossy) {
    std::size_t n = 0;
    for (Instant now = from; now <= end; now += milliseconds(1)) n += due(now, lossy) ? 1u : 0u;
    return n;
  }

  stream::Store store;
  Gaps gaps;
  std::set<std::uint64_t> held;
  std::uint64_t at = 100'000 - 10'000;  // a sequence the store covers
};

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("gaps: a missing sequence is asked for after the guard, not before", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  CHECK(f.gaps.next_deadline() == kStart + Gaps::kGuardMin);
  CHECK_FALSE(f.due(kStart + Gaps::kGuardMin - Duration(1)));
  const auto request = f.due(kStart + Gaps::kGuardMin);
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at});
}

TEST_CASE("gaps: what comes within the guard is never asked for", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 3, f.store, kStart);
  CHECK_FALSE(f.fill(f.at + 1, milliseconds(20), kStart + milliseconds(1)));
  const auto request = f.due(kStart + seconds(1));
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at, f.at + 2});
}

TEST_CASE("gaps: what the store has or has given up is not missing", "[swarm]") {
  Fixture f;
  f.store.at(f.at + 1).given_up = true;
  f.gaps.notice(f.at, f.at + 3, f.store, kStart);
  CHECK(f.gaps.size() == 2);
  f.gaps.notice(0, 10, f.store, kStart);  // below the store's tail
  CHECK(f.gaps.size() == 2);
  CHECK(f.gaps.lowest() == f.at);
}

TEST_CASE("gaps: noticing again does not postpone", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  f.gaps.notice(f.at, f.at + 1, f.store, kStart + milliseconds(1));
  CHECK(f.due(kStart + Gaps::kGuardMin));
}

TEST_CASE("gaps: unanswered, a request is repeated after each timeout", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  for (int i = 0; i < 5; ++i) {
    CHECK(f.gaps.next_deadline() == asked + kTimeout);
    CHECK_FALSE(f.due(asked + kTimeout - Duration(1)));
    asked += kTimeout;
    REQUIRE(f.due(asked));
  }
  CHECK(f.fill(f.at, milliseconds(20), asked + milliseconds(30)));
  CHECK(f.gaps.empty());
  CHECK_FALSE(f.due(asked + seconds(1)));
}

TEST_CASE("gaps: on a lossy path each request goes twice, 2 ms apart, and not three times", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  const Instant first = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(first, true));
  CHECK_FALSE(f.due(first + Gaps::kCopySpacing - Duration(1), true));
  REQUIRE(f.due(first + Gaps::kCopySpacing, true));
  CHECK(f.requests_until(first + kTimeout - milliseconds(1), first + milliseconds(3), true) == 0);
  CHECK(f.requests_until(first + 2 * kTimeout - milliseconds(1), first + kTimeout, true) == 2);
}

TEST_CASE("gaps: copies go no more once the shard has come", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  REQUIRE(f.due(kStart + Gaps::kGuardMin, true));
  f.fill(f.at, milliseconds(1), kStart + milliseconds(3));
  CHECK_FALSE(f.due(kStart + seconds(1), true));
}

TEST_CASE("gaps: the guard learns how late reordered shards come, up to 60 ms", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  f.fill(f.at, milliseconds(50), kStart + milliseconds(16));
  CHECK(f.gaps.guard() == milliseconds(20));
  f.gaps.notice(f.at + 1, f.at + 2, f.store, kStart);
  CHECK_FALSE(f.due(kStart + milliseconds(20) - Duration(1)));
  f.fill(f.at + 1, milliseconds(50), kStart + milliseconds(1));  // an early one does not shorten it
  CHECK(f.gaps.guard() == milliseconds(20));
  f.gaps.notice(f.at + 2, f.at + 3, f.store, kStart);
  f.fill(f.at + 2, milliseconds(50), kStart + milliseconds(500));
  CHECK(f.gaps.guard() == Gaps::kGuardMax);
}

TEST_CASE("gaps: a shard that comes much faster than an answer could was late, not repaired", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 2, f.store, kStart);
  const Instant asked = kStart + Gaps::kGuardMin;
  REQUIRE(f.due(asked));
  CHECK_FALSE(f.fill(f.at, milliseconds(40), asked + milliseconds(29)));
  CHECK(f.gaps.guard() > milliseconds(30));
  CHECK(f.fill(f.at + 1, milliseconds(40), asked + milliseconds(40)));
}

TEST_CASE("gaps: a shard that was held until its list came says nothing of reordering", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  f.gaps.on_filled(f.at, milliseconds(40), true, kStart + milliseconds(50));
  CHECK(f.gaps.guard() == Gaps::kGuardMin);
  CHECK(f.gaps.empty());
}

TEST_CASE("gaps: losses make the guard short again", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 1, f.store, kStart);
  f.fill(f.at, milliseconds(50), kStart + milliseconds(500));
  REQUIRE(f.gaps.guard() == Gaps::kGuardMax);
  Instant now = kStart;
  for (std::uint64_t i = 1; i <= 400; ++i, now += seconds(1)) {
    f.gaps.notice(f.at + i, f.at + i + 1, f.store, now);
    REQUIRE(f.due(now + f.gaps.guard()));
    CHECK(f.fill(f.at + i, milliseconds(50), now + milliseconds(200)));
  }
  CHECK(f.gaps.guard() == Gaps::kGuardMin);
}

TEST_CASE("gaps: a request names neighbours as ranges, and everything once", "[swarm]") {
  Fixture f;
  Sequences missing;
  const auto notice = [&](std::uint64_t from, std::uint64_t count) {
    f.gaps.notice(f.at + from, f.at + from + count, f.store, kStart);
    for (std::uint64_t i = 0; i < count; ++i) missing.push_back(f.at + from + i);
  };
  notice(0, 1);
  notice(5, 3);
  notice(100, 600);
  notice(9'000, 1);
  const auto request = f.due(kStart + seconds(1));
  REQUIRE(request);
  CHECK(f.asked(*request) == missing);
  CHECK(request->ranges.size() == 1 + 1 + 3 + 1);  // 600 in ranges of at most 255
}

TEST_CASE("gaps: what does not fit into one request goes into the next", "[swarm]") {
  Fixture f;
  Sequences missing;
  for (std::uint64_t i = 0; i < 200; ++i) {
    f.gaps.notice(f.at + 2 * i, f.at + 2 * i + 1, f.store, kStart);
    missing.push_back(f.at + 2 * i);
  }
  Sequences all;
  const Instant now = kStart + seconds(1);
  for (int i = 0; i < 4; ++i) {
    const auto request = f.due(now);
    REQUIRE(request);
    CHECK(request->ranges.size() == (i < 3 ? 64u : 8u));
    for (const std::uint64_t s : f.asked(*request)) all.push_back(s);
  }
  CHECK(all == missing);
  CHECK_FALSE(f.due(now));
}

TEST_CASE("gaps: what is held for its list is not asked for, until it is held no more", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 2, f.store, kStart);
  f.held.insert(f.at);
  const auto request = f.due(kStart + milliseconds(5));
  REQUIRE(request);
  CHECK(f.asked(*request) == Sequences{f.at + 1});
  f.held.clear();
  const auto later = f.due(kStart + milliseconds(5) + Gaps::kGuardMax);
  REQUIRE(later);
  CHECK(f.asked(*later) == Sequences{f.at});
}

TEST_CASE("gaps: a new parent is asked for everything again after the guard", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 3, f.store, kStart);
  REQUIRE(f.due(kStart + milliseconds(5)));
  f.gaps.restart(kStart + milliseconds(10));
  CHECK_FALSE(f.due(kStart + milliseconds(11)));
  const auto request = f.due(kStart + milliseconds(10) + f.gaps.guard());
  REQUIRE(request);
  CHECK(f.asked(*request).size() == 3);
}

TEST_CASE("gaps: older_than() is the highest of those noticed long ago", "[swarm]") {
  Fixture f;
  CHECK_FALSE(f.gaps.older_than(kStart));
  f.gaps.notice(f.at, f.at + 2, f.store, kStart);
  f.gaps.notice(f.at + 5, f.at + 6, f.store, kStart + milliseconds(10));
  CHECK_FALSE(f.gaps.older_than(kStart - Duration(1)));
  CHECK(f.gaps.older_than(kStart) == f.at + 1);
  CHECK(f.gaps.older_than(kStart + milliseconds(10)) == f.at + 5);
  f.gaps.drop_below(f.at + 1);
  f.gaps.drop(f.at + 5);
  CHECK(f.gaps.older_than(kStart + seconds(1)) == f.at + 1);
}

TEST_CASE("gaps: the table of missing sequences is bounded", "[swarm]") {
  Fixture f;
  f.gaps.notice(f.at, f.at + 9'000, f.store, kStart);
  CHECK(f.gaps.size() == Gaps::kMissingMax);
}
