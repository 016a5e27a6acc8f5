#include "libcore/sim/link.h"

#include <cmath>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

struct LossSeen {
  double rate;
  double mean_burst_packets;
};

LossSeen loss_of(const LinkConfig& config, Duration interval, int packets, std::uint64_t seed) {
  Link link(config, crypto::ChaChaRng(seed));
  int lost = 0;
  int bursts = 0;
  bool in_burst = false;
  for (int i = 0; i < packets; ++i) {
    const bool is_lost = link.send(1'200, Instant{} + i * interval).fate == Link::Fate::kLost;
    lost += is_lost ? 1 : 0;
    bursts += is_lost && !in_burst ? 1 : 0;
    in_burst = is_lost;
  }
  return {static_cast<double>(lost) / packets, static_cast<double>(lost) / bursts};
}

}  // namespace

TEST_CASE("a link without limits carries everything at once") {
  Link link({}, crypto::ChaChaRng(1));
  for (int i = 0; i < 1'000; ++i) {
    const Link::Passage passage = link.send(1'200, Instant{} + milliseconds(i / 10));
    REQUIRE(passage.fate == Link::Fate::kCarried);
    REQUIRE(passage.arrives == Instant{} + milliseconds(i / 10));
    REQUIRE(!passage.copy_arrives);
  }
}

TEST_CASE("packets leave a link one after another at its rate") {
  LinkConfig config;
  config.rate_bps = 8'000'000;  // a byte takes 1 us
  config.delay = milliseconds(3);
  Link link(config, crypto::ChaChaRng(1));
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + microseconds(4'000));
  CHECK(link.send(500, Instant{}).arrives == Instant{} + microseconds(4'500));
  CHECK(link.queueing(Instant{}) == microseconds(1'500));
  CHECK(link.send(100, Instant{} + microseconds(1'400)).arrives == Instant{} + microseconds(4'600));
  CHECK(link.queueing(Instant{} + microseconds(1'599)) == microseconds(1));
  CHECK(link.send(100, Instant{} + microseconds(9'000)).arrives == Instant{} + microseconds(12'100));

  SECTION("rounded up to whole nanoseconds") {
    config.rate_bps = 7'000'000;
    CHECK(Link(config, crypto::ChaChaRng(1)).serialisation(1'000) == Duration(1'142'858));
  }
}

TEST_CASE("what does not fit into the queue is dropped, and nothing else") {
  LinkConfig config;
  config.rate_bps = 8'000'000;
  config.queue_bytes = 3'000;
  Link link(config, crypto::ChaChaRng(1));
  for (int i = 0; i < 3; ++i) CHECK(link.send(1'000, Instant{}).fate == Link::Fate::kCarried);
  CHECK(link.send(1, Instant{}).fate == Link::Fate::kQueueFull);
  // After 1 us there is room for one byte.
  CHECK(link.send(2, Instant{} + microseconds(1)).fate == Link::Fate::kQueueFull);
  CHECK(link.send(1, Instant{} + microseconds(1)).fate == Link::Fate::kCarried);
  // A dropped packet takes no time of the link.
  CHECK(link.queueing(Instant{} + microseconds(1)) == microseconds(3'000));
}

TEST_CASE("an overloaded link carries exactly its rate") {
  LinkConfig config;
  config.rate_bps = 10'000'000;
  config.queue_bytes = 64'000;
  Link link(config, crypto::ChaChaRng(1));
  std::uint64_t carried_bytes = 0;
  Instant last{};
  for (int i = 0; i < 100'000; ++i) {  // 12 Mbit/s for 100 s
    const Link::Passage passage = link.send(1'500, Instant{} + milliseconds(i));
    if (passage.fate != Link::Fate::kCarried) continue;
    carried_bytes += 1'500;
    last = passage.arrives;
  }
  CHECK(static_cast<double>(carried_bytes) * 8 / to_seconds(last - Instant{}) == Approx(10e6).epsilon(1e-4));
}

TEST_CASE("bursts of loss have their share of time and their length") {
  LinkConfig config;
  config.loss_ppm = 20'000;
  config.loss_burst = milliseconds(8);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const LossSeen seen = loss_of(config, milliseconds(2), 1'000'000, seed);
    CHECK(seen.rate == Approx(0.02).epsilon(0.05));
    // A spell that covers a packet covers the next, d later, with probability p + (1 - p) exp(-d / (burst (1 - p))).
    const double stays = 0.02 + 0.98 * std::exp(-2.0 / (8.0 * 0.98));
    CHECK(seen.mean_burst_packets == Approx(1 / (1 - stays)).epsilon(0.05));
  }
}

TEST_CASE("loss runs in time: more packets are lost, not more of the time") {
  LinkConfig config;
  config.loss_ppm = 50'000;
  config.loss_burst = milliseconds(10);
  Link sparse(config, crypto::ChaChaRng(7));
  Link dense(config, crypto::ChaChaRng(7));
  for (int i = 0; i < 100'000; ++i) {
    const Instant now = Instant{} + milliseconds(i);
    const bool lost = dense.send(100, now).fate == Link::Fate::kLost;
    if (i % 10 == 0) REQUIRE((sparse.send(100, now).fate == Link::Fate::kLost) == lost);
  }
}

TEST_CASE("loss without a burst length is of single packets") {
  LinkConfig config;
  config.loss_ppm = 10'000;
  const LossSeen seen = loss_of(config, milliseconds(1), 1'000'000, 5);
  CHECK(seen.rate == Approx(0.01).epsilon(0.05));
  CHECK(seen.mean_burst_packets == Approx(1 / 0.99).epsilon(0.01));

  config.loss_ppm = kMillion;
  CHECK(loss_of(config, milliseconds(1), 1'000, 5).rate == 1);
}

TEST_CASE("jitter is right-skewed, has its mean, and reorders") {
  LinkConfig config;
  config.delay = milliseconds(10);
  config.jitter = milliseconds(4);
  Link link(config, crypto::ChaChaRng(3));
  double sum_ms = 0;
  int below_mean = 0;
  int overtakes = 0;
  Instant last{};
  constexpr int kPackets = 100'000;
  for (int i = 0; i < kPackets; ++i) {
    const Instant now = Instant{} + milliseconds(i);
    const Instant arrives = link.send(1'200, now).arrives;
    const Duration jitter = arrives - now - config.delay;
    REQUIRE(jitter >= Duration::zero());
    sum_ms += to_ms(jitter);
    below_mean += jitter < config.jitter ? 1 : 0;
    overtakes += arrives < last ? 1 : 0;
    last = std::max(last, arrives);
  }
  CHECK(sum_ms / kPackets == Approx(4).epsilon(0.02));
  CHECK(static_cast<double>(below_mean) / kPackets == Approx(1 - std::exp(-1.0)).epsilon(0.02));
  CHECK(overtakes > kPackets / 4);
}

TEST_CASE("jitter that does not reorder holds up what is behind") {
  LinkConfig config;
  config.jitter = milliseconds(4);
  config.reorders = false;
  Link link(config, crypto::ChaChaRng(3));
  Instant last{};
  for (int i = 0; i < 100'000; ++i) {
    const Instant arrives = link.send(1'200, Instant{} + milliseconds(i)).arrives;
    REQUIRE(arrives >= last);
    last = arrives;
  }
}

TEST_CASE("some packets come twice") {
  LinkConfig config;
  config.duplicate_ppm = 100'000;
  config.jitter = milliseconds(1);
  Link link(config, crypto::ChaChaRng(9));
  int copies = 0;
  for (int i = 0; i < 10'000; ++i) copies += link.send(1'200, Instant{} + milliseconds(i)).copy_arrives ? 1 : 0;
  CHECK(copies > 900);
  CHECK(copies < 1'100);
}

}  // namespace spate::sim
