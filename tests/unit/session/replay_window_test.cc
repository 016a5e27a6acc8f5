#include "libcore/session/replay_window.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using spate::session::ReplayWindow;

namespace {

constexpr std::uint64_t kWindow = ReplayWindow::kWindow;
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();

// What a session does with an authentic packet.
bool take(ReplayWindow& window, std::uint64_t counter) {
  if (!window.fresh(counter)) return false;
  window.mark(counter);
  return true;
}

// The definition: every counter ever taken, and the highest.
class Model {
 public:
  bool take(std::uint64_t counter) {
    if (!taken_.empty() && *taken_.rbegin() >= kWindow && counter <= *taken_.rbegin() - kWindow) return false;
    if (!taken_.insert(counter).second) return false;
    while (*taken_.rbegin() - *taken_.begin() > 2 * kWindow) taken_.erase(taken_.begin());  // no longer looked at
    return true;
  }
  std::uint64_t highest() const { return taken_.empty() ? 0 : *taken_.rbegin(); }

 private:
  std::set<std::uint64_t> taken_;
};

}  // namespace

// WireGuard's own cases (selftest/counter.c), in this window's terms.
TEST_CASE("Counters are taken once, in any order within the window", "[session]") {
  ReplayWindow window;
  CHECK(take(window, 0));
  CHECK(take(window, 1));
  CHECK_FALSE(take(window, 1));
  CHECK(take(window, 9));
  CHECK(take(window, 8));
  CHECK(take(window, 7));
  CHECK_FALSE(take(window, 7));
  CHECK(take(window, kWindow));
  CHECK(take(window, kWindow - 1));
  CHECK_FALSE(take(window, kWindow - 1));
  CHECK(take(window, kWindow - 2));
  CHECK(take(window, 2));
  CHECK_FALSE(take(window, 2));
  CHECK(take(window, kWindow + 16));
  CHECK_FALSE(take(window, 3));
  CHECK_FALSE(take(window, kWindow + 16));
  CHECK(take(window, kWindow * 4));
  CHECK(take(window, kWindow * 4 - (kWindow - 1)));
  CHECK_FALSE(take(window, 10));
  CHECK_FALSE(take(window, kWindow * 4 - kWindow));
  CHECK_FALSE(take(window, kWindow * 4 - (kWindow + 1)));
  CHECK(take(window, kWindow * 4 - (kWindow - 2)));
  CHECK_FALSE(take(window, kWindow * 4 + 1 - kWindow));
  CHECK_FALSE(take(window, 0));
}

TEST_CASE("The window reaches the end of the counters and not beyond", "[session]") {
  ReplayWindow window;
  CHECK_FALSE(take(window, kLast));
  CHECK(take(window, kLast - 2));
  CHECK_FALSE(take(window, kLast - 2));
  CHECK(take(window, kLast - 1));
  CHECK_FALSE(take(window, kLast));
  CHECK(take(window, kLast - 3));
  CHECK_FALSE(take(window, kLast - 1 - kWindow));
  CHECK(take(window, kLast - kWindow));
  CHECK_FALSE(take(window, 0));
}

TEST_CASE("A window's length of counters, upwards, downwards, and with the first left for last", "[session]") {
  ReplayWindow upwards;
  for (std::uint64_t i = 1; i < kWindow; ++i) REQUIRE(take(upwards, i));
  CHECK(take(upwards, 0));
  CHECK_FALSE(take(upwards, 0));

  ReplayWindow one_more;
  for (std::uint64_t i = 1; i <= kWindow; ++i) REQUIRE(take(one_more, i));
  CHECK_FALSE(take(one_more, 0));

  ReplayWindow downwards;
  for (std::uint64_t i = kWindow; i-- > 0;) REQUIRE(take(downwards, i));
  for (std::uint64_t i = 0; i < kWindow; ++i) REQUIRE_FALSE(take(downwards, i));

  ReplayWindow from_one;
  for (std::uint64_t i = kWindow; i >= 1; --i) REQUIRE(take(from_one, i));
  CHECK_FALSE(take(from_one, 0));

  ReplayWindow last_first;
  for (std::uint64_t i = kWindow - 1; i >= 1; --i) REQUIRE(take(last_first, i));
  CHECK(take(last_first, kWindow));
  CHECK_FALSE(take(last_first, 0));

  ReplayWindow jumps_ahead;
  for (std::uint64_t i = kWindow - 1; i >= 1; --i) REQUIRE(take(jumps_ahead, i));
  CHECK(take(jumps_ahead, 0));
  CHECK(take(jumps_ahead, kWindow));
}

TEST_CASE("A far jump forgets everything before it", "[session]") {
  const std::uint64_t jump = GENERATE(ReplayWindow::kBits - 1, ReplayWindow::kBits, ReplayWindow::kBits + 1,
                                      3 * ReplayWindow::kBits + 5, std::uint64_t{1} << 40);
  ReplayWindow window;
  for (std::uint64_t i = 0; i < ReplayWindow::kBits; ++i) REQUIRE(take(window, i));
  REQUIRE(take(window, jump + ReplayWindow::kBits));
  const std::uint64_t highest = jump + ReplayWindow::kBits;
  for (std::uint64_t i = highest - kWindow + 1; i < highest; ++i)
    REQUIRE(window.fresh(i) == (i >= ReplayWindow::kBits));
  CHECK_FALSE(window.fresh(highest - kWindow));
}

TEST_CASE("P15: asking does not move the window", "[session]") {
  ReplayWindow window;
  CHECK(take(window, 5));
  CHECK(window.fresh(std::uint64_t{1} << 50));  // a forgery's counter: asked about, never marked
  CHECK(window.fresh(4));
  CHECK(take(window, 4));
}

TEST_CASE("A million random counters are judged as by a set", "[session]") {
  crypto::ChaChaRng rng(20240601);
  ReplayWindow window;
  Model model;
  std::size_t taken = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::uint64_t at = model.highest();
    std::uint64_t counter = 0;
    switch (rng.below(64)) {
      case 0:  // far ahead, by less or more than the ring
        counter = at + rng.below(3 * ReplayWindow::kBits);
        break;
      case 1:  // anywhere behind, and often outside
        counter = at - std::min(at, rng.below(2 * kWindow));
        break;
      case 2:  // at the edge of the window
        counter = at - std::min(at, kWindow - 2 + rng.below(4));
        break;
      default:  // reordered and duplicated by a network
        counter = at + 4 - std::min(at + 4, rng.below(64));
    }
    const bool expected = model.take(counter);
    REQUIRE(take(window, counter) == expected);
    taken += expected ? 1 : 0;
  }
  CHECK(taken > 100'000);
  CHECK(taken < 900'000);
}

TEST_CASE("Counters in order, a few of them much later: judged as by a set", "[session]") {
  crypto::ChaChaRng rng(20261124);
  ReplayWindow window;
  Model model;
  std::vector<std::uint64_t> late;
  for (std::uint64_t counter = 0; counter < 200'000; ++counter) {
    if (rng.below(500) == 0) {
      late.push_back(counter);
      continue;
    }
    REQUIRE(model.take(counter));
    REQUIRE(take(window, counter));
    REQUIRE_FALSE(take(window, counter));
    const std::uint64_t before = counter - std::min(counter, rng.below(2 * kWindow));
    const bool given_back = rng.below(3) == 0 && !late.empty();
    const std::uint64_t old = given_back ? late[rng.below(late.size())] : before;
    REQUIRE(take(window, old) == model.take(old));
  }
}

TEST_CASE("Jumps of every length leave the same gaps in a new window", "[session]") {
  for (std::uint64_t jump = 1; jump < 2 * ReplayWindow::kBits; jump += 61) {
    ReplayWindow window;
    for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(take(window, i));
    REQUIRE(take(window, 99 + jump));
    for (std::uint64_t i = 0; i < 99 + jump; i += 7) {
      const bool in_window = i + kWindow > 99 + jump;
      REQUIRE(window.fresh(i) == (in_window && i >= 100));
    }
  }
}
