#include "libcore/sim/event_queue.h"

#include <algorithm>
#include <set>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/draws.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

struct Before {
  bool operator()(const Event& a, const Event& b) const { return before(a, b); }
};

Event event_at(std::int64_t ns, HostId destination = 0, HostId source = 0, std::uint64_t sequence = 0) {
  return {Instant(Duration(ns)), destination, source, sequence, 0, 0, 0};
}

bool same(const Event& a, const Event& b) {
  return !before(a, b) && !before(b, a) && a.kind == b.kind && a.payload == b.payload;
}

// How far ahead the next event is pushed: mostly like a network's delays, sometimes now, sometimes in hours.
Duration ahead(Draws& draws) {
  switch (draws.below(8)) {
    case 0:
      return Duration::zero();
    case 1:
      return Duration(static_cast<std::int64_t>(draws.below(3'000)));
    case 2:
      return draws.exponential(std::chrono::seconds(30));
    case 3:
      return draws.exponential(std::chrono::hours(3));
    default:
      return draws.exponential(std::chrono::milliseconds(50));
  }
}

}  // namespace

TEST_CASE("events come in the order of time, destination, source and sequence, however they were pushed") {
  std::vector<Event> ordered;
  for (std::int64_t ns : {0, 1, 1'023, 1'024, 262'143, 262'144, 262'145, 1'000'000'000})
    for (HostId destination : {0u, 7u})
      for (HostId source : {0u, 9u})
        for (std::uint64_t sequence : {1u, 2u}) ordered.push_back(event_at(ns, destination, source, sequence));
  std::vector<Event> shuffled = ordered;
  crypto::ChaChaRng rng(1);
  Draws draws(rng);
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[draws.below(i)]);
    EventQueue queue;
    for (const Event& event : shuffled) queue.push(event);
    REQUIRE(queue.size() == ordered.size());
    for (const Event& event : ordered) {
      REQUIRE(same(*queue.peek(), event));
      REQUIRE(same(queue.pop(), event));
    }
    REQUIRE(queue.empty());
    REQUIRE(queue.peek() == nullptr);
  }
}

TEST_CASE("the event queue agrees with an ordered set over a long mixed run") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    crypto::ChaChaRng rng(seed);
    Draws draws(rng);
    EventQueue queue;
    std::set<Event, Before> reference;
    std::uint64_t sequence = 0;
    Instant now{};
    for (int step = 0; step < 60'000; ++step) {
      // Grows for a while, then shrinks, several times over, down to nothing.
      const bool growing = step / 6'000 % 2 == 0;
      if (reference.empty() || draws.chance_ppm(growing ? 600'000 : 350'000)) {
        Event event =
            event_at(0, static_cast<HostId>(draws.below(20)), static_cast<HostId>(draws.below(20)), sequence++);
        event.time = now + ahead(draws);
        event.kind = static_cast<std::uint16_t>(draws.below(4));
        event.payload = static_cast<std::uint32_t>(draws.u64() >> 32);
        queue.push(event);
        reference.insert(event);
        // Looking must not disturb: an event before the one looked at may still come.
        if (draws.below(2) == 0) REQUIRE(same(*queue.peek(), *reference.begin()));
      } else {
        const Event event = queue.pop();
        REQUIRE(same(event, *reference.begin()));
        reference.erase(reference.begin());
        now = event.time;
      }
      REQUIRE(queue.size() == reference.size());
    }
  }
}

TEST_CASE("the event queue reaches as far as it says") {
  EventQueue queue;
  queue.push({EventQueue::kTimeMax, 1, 1, 1, 0, 0, 0});
  queue.push(event_at(5));
  CHECK(queue.pop().time == Instant(Duration(5)));
  CHECK(queue.pop().time == EventQueue::kTimeMax);
  CHECK(queue.empty());
}

}  // namespace spate::sim
