#include "libcore/sim/link.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/event_queue.h"
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

TEST_CASE("a link follows its trace, and holds packets while the rate is zero") {
  LinkConfig config;
  config.queue_bytes = 3'000;
  config.trace = std::make_shared<RateTrace>(std::vector<RateStep>{{milliseconds(2), 8'000'000}, {milliseconds(3), 0}});
  config.trace_in_step = true;
  Link link(config, crypto::ChaChaRng(1));
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + milliseconds(1));
  // The second half after the pause.
  CHECK(link.send(1'500, Instant{}).arrives == Instant{} + microseconds(5'500));
  CHECK(link.send(501, Instant{}).fate == Link::Fate::kQueueFull);
  CHECK(link.send(500, Instant{}).arrives == Instant{} + milliseconds(6));
  // 1,000 bytes wait through the whole pause.
  CHECK(link.send(2'001, Instant{} + milliseconds(4)).fate == Link::Fate::kQueueFull);
  CHECK(link.send(2'000, Instant{} + milliseconds(4)).arrives == Instant{} + milliseconds(11));

  SECTION("a constant trace is a constant rate") {
    LinkConfig constant = config;
    constant.trace = std::make_shared<RateTrace>(std::vector<RateStep>{{milliseconds(7), 8'000'000}});
    LinkConfig plain = config;
    plain.trace = nullptr;
    plain.rate_bps = 8'000'000;
    Link a(constant, crypto::ChaChaRng(1));
    Link b(plain, crypto::ChaChaRng(1));
    for (int i = 0; i < 10'000; ++i) {
      const Instant now = Instant{} + i * microseconds(400);
      const std::size_t bytes = 100 + static_cast<std::size_t>(i) * 7 % 1'000;
      const Link::Passage passage = a.send(bytes, now);
      REQUIRE(passage.fate == b.send(bytes, now).fate);
      REQUIRE(a.queueing(now) == b.queueing(now));
    }
  }
  SECTION("links begin anywhere in it, each somewhere else") {
    config.trace_in_step = false;
    std::vector<Duration> took;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      took.push_back(Link(config, crypto::ChaChaRng(seed)).send(1'000, Instant{}).arrives - Instant{});
    CHECK(*std::max_element(took.begin(), took.end()) > milliseconds(3));
    CHECK(*std::min_element(took.begin(), took.end()) == milliseconds(1));
  }
}

TEST_CASE("what would leave a link after the end of time does not fit") {
  LinkConfig config;
  config.trace_in_step = true;
  SECTION("with a trace that hardly moves") {
    config.trace =
        std::make_shared<RateTrace>(std::vector<RateStep>{{milliseconds(1), 1'000}, {std::chrono::hours(24), 0}});
  }
  SECTION("with a rate of one bit a second") {
    config.rate_bps = 1;
    config.queue_bytes = 1'000'000'000;
  }
  Link link(config, crypto::ChaChaRng(1));
  const Instant late = EventQueue::kTimeMax - std::chrono::minutes(1);
  CHECK(link.send(1'200, late).fate == Link::Fate::kQueueFull);
  CHECK(link.queueing(late) == Duration::zero());
}

TEST_CASE("CoDel keeps an overloaded queue short and the link busy") {
  LinkConfig config;
  config.rate_bps = 10'000'000;
  config.queue_bytes = 1'000'000;  // 800 ms
  const auto last_wait = [&config](bool codel, std::uint64_t& carried) {
    config.codel = codel;
    Link link(config, crypto::ChaChaRng(1));
    for (int i = 0; i < 60'000; ++i)  // 11 Mbit/s for a minute
      if (link.send(1'375, Instant{} + milliseconds(i)).fate == Link::Fate::kCarried) ++carried;
    return link.queueing(Instant{} + milliseconds(60'000));
  };
  std::uint64_t carried = 0;
  CHECK(last_wait(false, carried) > milliseconds(790));
  std::uint64_t carried_by_codel = 0;
  CHECK(last_wait(true, carried_by_codel) < milliseconds(60));
  CHECK(carried_by_codel > 60'000 * 10 / 11 - 200);
}

TEST_CASE("CoDel keeps the wait near its target when there is little too much") {
  LinkConfig config;
  config.rate_bps = 10'000'000;
  config.queue_bytes = 1'000'000;
  const auto median_wait_ms = [&config](bool codel) {
    config.codel = codel;
    Link link(config, crypto::ChaChaRng(1));
    std::vector<Duration> waits;
    for (int i = 0; i < 120'000; ++i) {  // 10.1 Mbit/s for two minutes
      const Instant now = Instant{} + milliseconds(i);
      link.send(1'262, now);
      if (i >= 60'000) waits.push_back(link.queueing(now));
    }
    std::nth_element(waits.begin(), waits.begin() + 30'000, waits.end());
    return to_ms(waits[30'000]);
  };
  CHECK(median_wait_ms(false) > 700);
  CHECK(median_wait_ms(true) < 10);
}

TEST_CASE("packets above the MTU vanish, and take no time") {
  LinkConfig config;
  config.rate_bps = 8'000'000;
  config.mtu_bytes = 1'280;
  Link link(config, crypto::ChaChaRng(1));
  CHECK(link.send(1'281, Instant{}).fate == Link::Fate::kTooLarge);
  CHECK(link.queueing(Instant{}) == Duration::zero());
  CHECK(link.send(1'280, Instant{}).fate == Link::Fate::kCarried);
}

TEST_CASE("packets are harmed at their rates") {
  LinkConfig config;
  config.corrupt_ppm = 20'000;
  config.truncate_ppm = 10'000;
  Link link(config, crypto::ChaChaRng(2));
  int flipped = 0;
  int truncated = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Link::Harm harm = link.send(100, Instant{} + milliseconds(i)).harm;
    flipped += harm == Link::Harm::kBitFlipped ? 1 : 0;
    truncated += harm == Link::Harm::kTruncated ? 1 : 0;
  }
  CHECK(flipped == Approx(1'980).epsilon(0.1));
  CHECK(truncated == Approx(1'000).epsilon(0.1));
}

TEST_CASE("disturbances add up, and end by themselves") {
  LinkConfig config;
  config.rate_bps = 8'000'000;
  config.mtu_bytes = 1'400;
  Link link(config, crypto::ChaChaRng(1));
  const Instant second = Instant{} + std::chrono::seconds(1);
  link.disturb({.extra_delay = milliseconds(10), .until = second}, Instant{});
  const Instant calm = second + std::chrono::seconds(1);
  link.disturb({.extra_delay = milliseconds(5), .mtu_bytes = 1'000, .until = calm}, Instant{});
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + milliseconds(16));
  CHECK(link.send(1'001, Instant{}).fate == Link::Fate::kTooLarge);
  CHECK(link.send(1'000, second).arrives == second + milliseconds(6));
  CHECK(link.send(1'400, calm).arrives == calm + microseconds(1'400));
  CHECK(link.send(1'401, calm).fate == Link::Fate::kTooLarge);

  SECTION("loss") {
    link.disturb({.extra_loss_ppm = 500'000}, calm);
    link.disturb({.extra_loss_ppm = 500'000}, calm);
    int lost = 0;
    for (int i = 0; i < 10'000; ++i)
      lost += link.send(100, calm + milliseconds(200 + i)).fate == Link::Fate::kLost ? 1 : 0;
    CHECK(lost == Approx(7'500).epsilon(0.03));
  }
}

TEST_CASE("a link that is slowed down for a while is back at its rate at once") {
  LinkConfig config;
  config.rate_bps = 8'000'000;
  config.queue_bytes = 10'000;
  Link link(config, crypto::ChaChaRng(1));
  link.disturb({.rate_factor_ppm = 100'000, .until = Instant{} + milliseconds(15)}, Instant{});
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + milliseconds(10));
  // Half of it before the end, half after.
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + microseconds(15'500));
  CHECK(link.send(1'000, Instant{}).arrives == Instant{} + microseconds(16'500));
  CHECK(link.send(7'001, Instant{}).fate == Link::Fate::kQueueFull);
  CHECK(link.send(7'000, Instant{}).arrives == Instant{} + microseconds(23'500));
  CHECK(link.send(1'000, Instant{} + milliseconds(100)).arrives == Instant{} + milliseconds(101));
}

TEST_CASE("what waits when the rate sinks takes longer from then on") {
  LinkConfig config;
  config.rate_bps = 8'000'000;
  config.queue_bytes = 10'000;
  Link link(config, crypto::ChaChaRng(1));
  REQUIRE(link.send(2'000, Instant{}).arrives == Instant{} + milliseconds(2));
  link.disturb({.rate_factor_ppm = 1'000}, Instant{} + milliseconds(1));
  CHECK(link.queueing(Instant{} + milliseconds(1)) == std::chrono::seconds(1));
  CHECK(link.send(9'001, Instant{} + milliseconds(1)).fate == Link::Fate::kQueueFull);
  CHECK(link.send(9'000, Instant{} + milliseconds(1)).arrives == Instant{} + milliseconds(10'001));
}

TEST_CASE("rates that change while nothing waits change nothing else") {
  LinkConfig config;
  const Instant now = Instant{} + milliseconds(5);
  SECTION("without a rate") {}
  SECTION("with one") { config.rate_bps = 8'000'000'000; }
  Link link(config, crypto::ChaChaRng(1));
  link.send(1'000, Instant{});
  const Instant later = now + milliseconds(1);
  link.disturb({.rate_factor_ppm = 1, .until = later}, now);
  CHECK(link.queueing(now) == Duration::zero());
  CHECK(link.send(1'000, later).arrives == later + link.serialisation(1'000));
}

TEST_CASE("what disturbs a link does not change what it draws otherwise") {
  LinkConfig config;
  config.loss_ppm = 50'000;
  config.loss_burst = milliseconds(10);
  config.jitter = milliseconds(3);
  Link calm(config, crypto::ChaChaRng(7));
  Link disturbed(config, crypto::ChaChaRng(7));
  disturbed.disturb({.extra_delay = milliseconds(1)}, Instant{});
  for (int i = 0; i < 10'000; ++i) {
    const Link::Passage a = calm.send(100, Instant{} + milliseconds(i));
    const Link::Passage b = disturbed.send(100, Instant{} + milliseconds(i));
    REQUIRE(a.fate == b.fate);
    if (a.fate == Link::Fate::kCarried) REQUIRE(a.arrives + milliseconds(1) == b.arrives);
  }
}

}  // namespace spate::sim
