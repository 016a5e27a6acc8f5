// bench-queue PENDING: the simulator's event queue alone, and std::priority_queue on the same sequence. With PENDING
// events in it the first is taken out and pushed again an exponential time later, over and over. Prints as JSON how
// often a second of CPU time.

#include <cstdio>
#include <cstdlib>
#include <queue>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/draws.h"
#include "libcore/sim/event_queue.h"
#include "tests/bench/clock.h"

namespace {

using namespace spate;

constexpr Duration kMean = std::chrono::milliseconds(50);
constexpr std::size_t kRounds = 4'000'000;

struct After {
  bool operator()(const sim::Event& a, const sim::Event& b) const { return sim::before(b, a); }
};

class PriorityQueue {
 public:
  void push(const sim::Event& event) { events_.push(event); }
  sim::Event pop() {
    const sim::Event first = events_.top();
    events_.pop();
    return first;
  }

 private:
  std::priority_queue<sim::Event, std::vector<sim::Event>, After> events_;
};

// Drawn beforehand, so that drawing is not measured. Few enough to stay in the cache.
std::vector<Duration> draw_delays() {
  crypto::ChaChaRng rng(1);
  sim::Draws draws(rng);
  std::vector<Duration> delays(4'096);
  for (Duration& delay : delays) delay = draws.exponential(kMean);
  return delays;
}

struct Measured {
  double per_second;
  std::int64_t end_ns;  // the virtual time when it ended: the same for every right queue
};

template <typename Queue>
Measured measure(std::uint32_t pending) {
  const std::vector<Duration> delays = draw_delays();
  Queue queue;
  std::size_t next = 0;
  Instant now{};
  const auto push_again = [&](sim::Event event) {
    now = event.time;
    event.time += delays[next++ % delays.size()];
    ++event.sequence;
    queue.push(event);
  };
  for (std::uint32_t host = 0; host < pending; ++host) push_again({Instant{}, host, host, 0, 0, 0, 0});
  for (std::uint32_t i = 0; i < 2 * pending; ++i) push_again(queue.pop());
  const std::int64_t begin = bench::cpu_ns();
  for (std::size_t i = 0; i < kRounds; ++i) push_again(queue.pop());
  const std::int64_t took = bench::cpu_ns() - begin;
  return {static_cast<double>(kRounds) * 1e9 / static_cast<double>(took), now.time_since_epoch().count()};
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long pending = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (pending == 0 || pending > 100'000'000) {
    std::fputs("usage: bench-queue PENDING\n", stderr);
    return 2;
  }
  const auto count = static_cast<std::uint32_t>(pending);
  const Measured ours = measure<sim::EventQueue>(count);
  const Measured other = measure<PriorityQueue>(count);
  if (ours.end_ns != other.end_ns) {
    std::fputs("bench-queue: the queues disagree\n", stderr);
    return 1;
  }
  std::printf("{\"pending\": %lu, \"event_queue_per_s\": %.0f, \"priority_queue_per_s\": %.0f}\n", pending,
              ours.per_second, other.per_second);
}
