// The emulator's model does what its header says. Plain checks, so that this needs no root and no test library.

#include "tests/net/link_model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace spate::netem;

constexpr int kPackets = 200'000;

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                        \
    }                                                                      \
  } while (false)

std::vector<bool> losses(const PathConfig& config, std::uint64_t seed) {
  Path path(config, seed);
  std::vector<bool> lost;
  for (int i = 0; i < kPackets; ++i) lost.push_back(path.next().lost);
  return lost;
}

// Share lost and mean length of a run of losses.
std::pair<double, double> shape_of(const std::vector<bool>& lost) {
  int total = 0;
  int runs = 0;
  for (std::size_t i = 0; i < lost.size(); ++i) {
    total += lost[i];
    runs += lost[i] && (i == 0 || !lost[i - 1]);
  }
  return {static_cast<double>(total) / kPackets, static_cast<double>(total) / runs};
}

bool near(double value, double wanted, double tolerance) { return std::abs(value - wanted) <= wanted * tolerance; }

void losses_have_the_share_and_the_burst_asked_for() {
  const auto [share, burst] = shape_of(losses({.loss = 0.05}, 7));
  EXPECT(near(share, 0.05, 0.05));
  EXPECT(near(burst, 1 / 0.95, 0.02));  // independent losses do follow each other now and then
  const auto [bursty_share, bursty] = shape_of(losses({.loss = 0.02, .burst = 4}, 7));
  EXPECT(near(bursty_share, 0.02, 0.1));
  EXPECT(near(bursty, 4, 0.1));
  const auto none = losses({}, 7);
  EXPECT(std::find(none.begin(), none.end(), true) == none.end());
}

void fates_follow_the_seed_and_nothing_else() {
  EXPECT(losses({.loss = 0.1}, 1) == losses({.loss = 0.1}, 1));
  EXPECT(losses({.loss = 0.1}, 1) != losses({.loss = 0.1}, 2));
  EXPECT(losses({.loss = 0.1}, 1) == losses({.jitter_ns = 5'000'000, .loss = 0.1}, 1));
}

void jitter_is_skewed_to_the_right() {
  Path path({.delay_ns = 20'000'000, .jitter_ns = 1'000'000}, 3);
  double sum = 0;
  int below_mean = 0;
  for (int i = 0; i < kPackets; ++i) {
    const std::int64_t delay = path.next().delay_ns;
    EXPECT(delay >= 20'000'000);
    sum += static_cast<double>(delay - 20'000'000);
    below_mean += delay < 21'000'000;
  }
  EXPECT(near(sum / kPackets, 1e6, 0.02));
  EXPECT(near(static_cast<double>(below_mean) / kPackets, 1 - std::exp(-1.0), 0.02));
}

void an_uplink_spaces_packets_and_drops_the_tail() {
  Uplink uplink(8'000'000, 2'000);  // 1,000 bytes a millisecond, a queue of 2 ms
  EXPECT(uplink.send(1'000, 0) == 1'000'000);
  EXPECT(uplink.send(1'000, 0) == 2'000'000);
  EXPECT(uplink.send(1'000, 0) == 3'000'000);
  EXPECT(!uplink.send(1'000, 0));
  EXPECT(uplink.send(1'000, 1'000'000) == 4'000'000);
  EXPECT(uplink.send(1'000, 9'000'000) == 10'000'000);
  Uplink unlimited(0, 0);
  EXPECT(unlimited.send(1'500, 5) == 5);
}

}  // namespace

int main() {
  losses_have_the_share_and_the_burst_asked_for();
  fates_follow_the_seed_and_nothing_else();
  jitter_is_skewed_to_the_right();
  an_uplink_spaces_packets_and_drops_the_tail();
  std::puts("the link model holds");
}
