#include "libcore/sim/network.h"

#include <algorithm>
#include <map>
#include <vector>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/checker_datagram.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FixedDelay final : public DelayModel {
 public:
  Duration one_way(HostId /*from*/, HostId /*to*/) override { return milliseconds(20); }
};

struct Received {
  Instant time;
  Address from;
  std::uint32_t number;
  std::size_t batch;
};

// Sends numbered datagrams when told to, notes what comes, and may answer.
class Talker : public HostProgram {
 public:
  void handle_datagrams(std::span<const Datagram> batch, Moment at) override {
    for (const Datagram& datagram : batch) {
      const std::uint32_t number = Reader(datagram.bytes).u32();
      received.push_back({at.local, datagram.from, number, batch.size()});
      if (number < answer_below) outgoing.push_back({datagram.from, number + 1, datagram.bytes.size()});
    }
  }
  void handle_deadline(Moment at) override {
    deadlines.push_back(at.local);
    deadline = kNever;
  }
  std::optional<Moment> poll(Moment /*at*/, DatagramBatch& out) override {
    while (!outgoing.empty()) {
      if (out.full()) return std::nullopt;
      const Message message = outgoing.front();
      outgoing.erase(outgoing.begin());
      const MutableBytes bytes = out.add(message.to, message.bytes);
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
      Writer(bytes).u32(message.number);
    }
    return Moment{kNever, deadline};
  }
  void say(const Address& to, std::uint32_t number, std::size_t bytes = 1'000) {
    outgoing.push_back({to, number, bytes});
  }

  struct Message {
    Address to;
    std::uint32_t number;
    std::size_t bytes;
  };
  std::vector<Message> outgoing;
  std::vector<Received> received;
  std::vector<Instant> deadlines;
  Instant deadline = kNever;
  std::uint32_t answer_below = 0;
};

struct Pair {
  explicit Pair(const HostConfig& config = {}, std::uint64_t seed = 1) : network(crypto::ChaChaRng(seed), delays) {
    network.add(a, config);
    network.add(b, config);
  }
  Address to_b = Network::address_of(1);

  FixedDelay delays;
  Talker a;
  Talker b;
  Network network;
};

}  // namespace

TEST_CASE("a datagram arrives after uplink, delay and downlink, and says where it comes from") {
  HostConfig config;
  config.up.rate_bps = 8'000'000;
  config.up.delay = milliseconds(2);
  config.down.rate_bps = 80'000'000;
  config.down.delay = milliseconds(3);
  Pair pair(config);
  pair.a.say(pair.to_b, 7, 972);  // 1,000 with its headers: 1 ms and 0.1 ms
  pair.network.touch(0);
  pair.network.run_until(Instant{} + seconds(1));
  REQUIRE(pair.b.received.size() == 1);
  CHECK(pair.b.received[0].time == Instant{} + std::chrono::microseconds(26'100));
  CHECK(pair.b.received[0].from == Network::address_of(0));
  CHECK(pair.b.received[0].number == 7);
  CHECK(pair.network.now() == Instant{} + seconds(1));
  CHECK(pair.network.stats(0).wire_bytes_sent == 1'000);
}

TEST_CASE("a forged datagram leaves by the sender's uplink, and says what it was told to") {
  HostConfig config;
  config.up.rate_bps = 8'000'000;
  Pair pair(config);
  const Address elsewhere = Address::v4(198, 18, 0, 7, 9);
  std::vector<std::uint8_t> datagram(972);
  datagram[3] = 7;
  class Unseen final : public WireObserver {
    void on_sent(HostId, const Address&, Bytes, Instant) override { FAIL("seen"); }
  } unseen;
  pair.network.observe(unseen);
  pair.network.forge(0, elsewhere, 1, datagram);
  pair.network.forge(0, elsewhere, 99, datagram);  // nobody
  pair.network.run_until(Instant{} + seconds(1));
  REQUIRE(pair.b.received.size() == 1);
  CHECK(pair.b.received[0].time == Instant{} + milliseconds(21));
  CHECK(pair.b.received[0].from == elsewhere);
  CHECK(pair.b.received[0].number == 7);
  CHECK(pair.network.stats().nobody == 1);
}

TEST_CASE("what would arrive after the end of time is lost") {
  HostConfig config;
  const Duration longest = EventQueue::kTimeMax - Instant{};
  SECTION("on the way up") { config.up.delay = longest; }
  SECTION("on the way down") { config.down.delay = longest; }
  SECTION("for the looks of the host") {
    config.down.delay = longest - milliseconds(20) - Duration(1);
    config.wake = milliseconds(100);
  }
  Pair pair(config);
  pair.a.say(pair.to_b, 7);
  pair.network.touch(0);
  pair.network.run_until(Instant{} + seconds(1));
  CHECK(pair.network.stats().sent == 1);
  CHECK(pair.network.stats().lost == 1);
  CHECK(pair.network.stats().in_flight == 0);
}

TEST_CASE("what arrives at one instant comes in one batch, in the order it was sent") {
  Pair pair;
  for (std::uint32_t i = 0; i < 300; ++i) pair.a.say(pair.to_b, i, 1'200);  // more than one batch out
  pair.network.touch(0);
  pair.network.run_until(Instant{} + seconds(1));
  REQUIRE(pair.b.received.size() == 300);
  for (std::uint32_t i = 0; i < 300; ++i) {
    CHECK(pair.b.received[i].number == i);
    CHECK(pair.b.received[i].batch == 300);
  }
}

TEST_CASE("hosts see their own clocks, and deadlines are kept on them") {
  HostConfig config;
  config.clock.offset = std::chrono::hours(5);
  Pair pair(config);
  const Instant zero = Instant{} + std::chrono::hours(5);
  pair.a.deadline = zero + milliseconds(50);
  pair.network.touch(0);
  CHECK(pair.network.local_time(0) == zero);

  SECTION("a deadline comes exactly then, once") {
    pair.network.run_until(Instant{} + seconds(1));
    CHECK(pair.a.deadlines == std::vector<Instant>{zero + milliseconds(50)});
  }
  SECTION("a deadline that moves ahead comes earlier") {
    pair.network.at(Instant{} + milliseconds(10), 0, [&] { pair.a.deadline = zero + milliseconds(30); });
    pair.network.run_until(Instant{} + seconds(1));
    CHECK(pair.a.deadlines == std::vector<Instant>{zero + milliseconds(30)});
  }
  SECTION("a deadline that moves back comes later") {
    pair.network.at(Instant{} + milliseconds(10), 0, [&] { pair.a.deadline = zero + milliseconds(70); });
    pair.network.run_until(Instant{} + seconds(1));
    CHECK(pair.a.deadlines == std::vector<Instant>{zero + milliseconds(70)});
  }
  SECTION("a deadline in the past comes at once") {
    pair.network.at(Instant{} + milliseconds(10), 0, [&] { pair.a.deadline = zero; });
    pair.network.run_until(Instant{} + seconds(1));
    CHECK(pair.a.deadlines == std::vector<Instant>{zero + milliseconds(10)});
  }
}

TEST_CASE("deadlines that come and go many times are each kept") {
  Pair pair;
  std::vector<Instant> expected;
  for (int i = 0; i < 200; ++i) {
    // A far deadline, then a near one before it, over and over.
    const Instant set = Instant{} + milliseconds(10 * i);
    pair.network.at(set, 0, [&pair, set] { pair.a.deadline = set + milliseconds(100); });
    pair.network.at(set + milliseconds(1), 0, [&pair, set] { pair.a.deadline = set + milliseconds(3); });
    expected.push_back(set + milliseconds(3));
  }
  pair.network.run_until(Instant{} + seconds(10));
  CHECK(pair.a.deadlines == expected);
}

TEST_CASE("a host that is removed is gone at once, and what was on its way to it is dropped") {
  Pair pair;
  for (std::uint32_t i = 0; i < 10; ++i)
    pair.network.at(Instant{} + milliseconds(10 * i), 0, [&pair, i] { pair.a.say(pair.to_b, i); });
  pair.b.deadline = Instant{} + milliseconds(60);
  pair.network.touch(1);
  pair.network.at(Instant{} + milliseconds(45), 1, [&pair] { pair.network.remove(1); });
  pair.network.run_until(Instant{} + seconds(1));
  CHECK(pair.b.received.size() == 3);  // sent at 0, 10 and 20 ms
  CHECK(pair.b.deadlines.empty());
  CHECK(pair.network.stats().nobody == 7);
  CHECK(pair.network.stats().in_flight == 0);
}

TEST_CASE("datagrams to nobody vanish") {
  Pair pair;
  pair.a.say(Network::address_of(2), 1);
  pair.a.say(Address::v4(127, 0, 0, 1, 7400), 1);
  pair.a.say(Address{}, 1);
  Address other_port = pair.to_b;
  ++other_port.port;
  pair.a.say(other_port, 1);
  pair.network.touch(0);
  pair.network.run_until(Instant{} + seconds(1));
  CHECK(pair.network.stats().nobody == 4);
  CHECK(pair.b.received.empty());
}

TEST_CASE("datagrams are conserved, and each copy is delivered") {
  HostConfig config;
  config.up = {.rate_bps = 20'000'000, .jitter = milliseconds(3), .loss_ppm = 50'000, .duplicate_ppm = 30'000};
  config.down = {.rate_bps = 10'000'000, .queue_bytes = 20'000, .jitter = milliseconds(1), .loss_ppm = 20'000};
  config.down.loss_burst = milliseconds(4);
  config.down.duplicate_ppm = 20'000;
  Pair pair(config);
  for (int i = 0; i < 1'000; ++i)
    pair.network.at(Instant{} + milliseconds(i), 0, [&pair, i] {
      for (std::uint32_t j = 0; j < 2; ++j) pair.a.say(pair.to_b, static_cast<std::uint32_t>(i) * 2 + j);
    });
  for (int i = 0; i < 100; ++i) {
    pair.network.run_until(Instant{} + milliseconds(11 * i));
    const NetworkStats& stats = pair.network.stats();
    REQUIRE(stats.sent + stats.duplicated == stats.delivered + stats.dropped() + stats.in_flight);
  }
  pair.network.run_until(Instant{} + seconds(2));
  const NetworkStats& stats = pair.network.stats();
  CHECK(stats.sent == 2'000);
  CHECK(stats.in_flight == 0);
  CHECK(stats.lost > 50);
  CHECK(stats.queue_full > 100);
  CHECK(stats.duplicated > 30);
  CHECK(stats.delivered == pair.b.received.size());
  std::map<std::uint32_t, int> times;
  for (const Received& received : pair.b.received) ++times[received.number];
  CHECK(std::count_if(times.begin(), times.end(), [](const auto& entry) { return entry.second == 2; }) > 20);
}

namespace {

// Fifty hosts that answer one another under every kind of trouble.
std::uint64_t digest_of(std::uint64_t seed, std::uint8_t hosts = 50) {
  PlaneDelay delays(crypto::ChaChaRng(seed), milliseconds(5), milliseconds(80));
  std::vector<Talker> talkers(hosts);
  Network network(crypto::ChaChaRng(seed), delays);
  HostConfig config;
  config.up = {.rate_bps = 20'000'000, .jitter = milliseconds(3), .loss_ppm = 5'000, .duplicate_ppm = 3'000};
  config.down = {.rate_bps = 10'000'000, .loss_ppm = 2'000, .loss_burst = milliseconds(4)};
  for (Talker& talker : talkers) {
    talker.answer_below = 100;
    network.add(talker, config);
  }
  for (HostId host = 0; host < hosts; ++host) {
    talkers[host].say(Network::address_of((host * 7 + 3) % hosts), 0);
    network.touch(host);
  }
  network.run_until(Instant{} + seconds(5));
  CHECK(network.stats().delivered > 1'000);
  return network.digest();
}

}  // namespace

TEST_CASE("a host behind a box is seen at the box's address, and answered there") {
  FixedDelay delays;
  Talker a;
  Talker b;
  Network network(crypto::ChaChaRng(1), delays);
  HostConfig inside;
  inside.box = network.add_box({});
  network.add(a, {});
  network.add(b, inside);
  a.answer_below = 10;
  a.say(Network::address_of(1), 50);  // nobody gets in there
  b.say(Network::address_of(0), 1);
  network.touch(0);
  network.touch(1);
  network.run_until(Instant{} + seconds(1));
  REQUIRE(a.received.size() == 1);
  CHECK(a.received[0].from == Address::v4(201, 0, 0, 1, 7400));
  REQUIRE(b.received.size() == 1);
  CHECK(b.received[0].number == 2);
  CHECK(b.received[0].from == Network::address_of(0));
  CHECK(network.stats().filtered == 1);
  CHECK(network.host_of(a.received[0].from) == HostId{1});
  CHECK(network.host_of(Network::address_of(0)) == HostId{0});
  CHECK(!network.host_of(Network::address_of(2)));
  CHECK(!network.host_of(Address::v4(201, 0, 0, 1, 7401)));

  SECTION("until it restarts, from when it is seen at another port, or address") {
    const bool new_address = GENERATE(false, true);
    network.rebind_nat(1, new_address);
    a.say(a.received[0].from, 51);
    network.touch(0);
    network.run_until(Instant{} + seconds(2));
    CHECK(b.received.size() == 1);
    CHECK(network.stats().filtered == 2);
    b.say(Network::address_of(0), 5);
    network.touch(1);
    network.run_until(Instant{} + seconds(3));
    REQUIRE(a.received.size() == 2);
    CHECK(a.received[1].from != a.received[0].from);
    CHECK((a.received[1].from.ip != a.received[0].from.ip) == new_address);
    REQUIRE(b.received.size() == 2);
    CHECK(b.received[1].number == 6);
  }
}

namespace {

struct Torture {
  std::uint64_t digest;
  NetworkStats stats;
};

// Hosts behind boxes and not, under everything that can befall them at once, in a drawn order.
Torture torture(std::uint64_t seed) {
  constexpr HostId kHosts = 12;
  const crypto::ChaChaRng rng(seed);
  PlaneDelay delays(rng, milliseconds(5), milliseconds(80));
  std::vector<Talker> talkers(kHosts);
  std::vector<Talker> next(kHosts);
  Network network(rng, delays);
  const std::unique_ptr<Rng> fork = rng.fork("torture");
  Draws draws(*fork);
  HostConfig config;
  config.up = {.rate_bps = 8'000'000, .queue_bytes = 40'000, .jitter = milliseconds(3), .loss_ppm = 20'000};
  config.up.duplicate_ppm = 20'000;
  config.up.codel = true;
  config.down = {.jitter = milliseconds(1), .loss_ppm = 20'000, .loss_burst = milliseconds(4)};
  config.down.trace =
      std::make_shared<RateTrace>(std::vector<RateStep>{{milliseconds(90), 6'000'000}, {milliseconds(20), 0}});
  config.down.queue_bytes = 20'000;
  config.down.duplicate_ppm = 20'000;
  config.down.corrupt_ppm = config.up.corrupt_ppm = 10'000;
  config.down.truncate_ppm = config.up.truncate_ppm = 10'000;
  config.socket_bytes = 10'000;
  const BoxId carrier = network.add_box({.type = {.filtering = NatRule::kEndpoint, .hairpin = true}});
  for (HostId host = 0; host < kHosts; ++host) {
    config.box = host < 4
                     ? kNoBox
                     : network.add_box({.type = {}, .idle_timeout = milliseconds(300)}, host < 8 ? kNoBox : carrier);
    config.clock = {seconds(host), static_cast<std::int32_t>(host) * 1'000 - 5'000};
    network.add(talkers[host], config);
  }
  for (int i = 0; i < 6'000; ++i) {
    network.run_until(Instant{} + i * milliseconds(1));
    const auto host = static_cast<HostId>(draws.below(kHosts));
    const auto side = static_cast<std::uint8_t>(draws.below(3));
    Talker& talker = network.present(host) ? talkers[host] : next[host];
    switch (draws.below(60)) {
      case 0:
        network.pause(host);
        break;
      case 1:
        network.set_side(host, side);
        break;
      case 2:
        network.cut(side, draws.below(3), true);
        break;
      case 3:
        network.clog(host, true);
        break;
      case 4:
        if (network.present(host)) network.remove(host);
        break;
      case 5:
        network.rebind_nat(host);
        break;
      case 6:
        network.jump_clock(host, milliseconds(100));
        break;
      case 7:
        network.disturb(host, {.extra_loss_ppm = 100'000,
                               .rate_factor_ppm = 200'000,
                               .extra_delay = milliseconds(30),
                               .mtu_bytes = 1'000,
                               .until = network.now() + milliseconds(200)});
        break;
      case 8:
      case 9:
        network.resume(host);
        break;
      case 10:
      case 11:
        network.clog(host, false);
        break;
      case 12:
      case 13:
      case 14:
        network.cut(side, draws.below(3), false);
        break;
      case 15:
        if (!network.present(host)) network.revive(host, talkers[host]);
        break;
      default: {
        // To whomever it heard of, or anybody.
        const auto to = talker.received.empty() || draws.chance_ppm(300'000)
                            ? Network::address_of(static_cast<HostId>(draws.below(kHosts)))
                            : talker.received[draws.below(talker.received.size())].from;
        for (int j = 0; j < 4; ++j) talker.say(to, 0, 4 + draws.below(1'200));
        network.touch(host);
      }
    }
    const NetworkStats& stats = network.stats();
    REQUIRE(stats.sent + stats.duplicated == stats.delivered + stats.dropped() + stats.in_flight);
  }
  for (HostId host = 0; host < kHosts; ++host) {
    network.clog(host, false);
    network.resume(host);
  }
  network.run_until(Instant{} + seconds(20));
  return {network.digest(), network.stats()};
}

}  // namespace

TEST_CASE("under everything at once, datagrams are conserved and runs are repeated") {
  const Torture run = torture(1);
  CHECK(run.stats.in_flight == 0);
  CHECK(run.stats.delivered > 1'000);
  CHECK(run.stats.lost > 50);
  CHECK(run.stats.queue_full > 50);
  CHECK(run.stats.too_large > 10);
  CHECK(run.stats.nobody > 50);
  CHECK(run.stats.filtered > 50);
  CHECK(run.stats.cut > 50);
  CHECK(run.stats.overflow > 50);
  CHECK(run.stats.harmed > 50);
  CHECK(torture(1).digest == run.digest);
  CHECK(torture(2).digest != run.digest);
}

TEST_CASE("the same seed gives the same digest, another seed another") {
  const std::uint64_t digest = digest_of(1);
  CHECK(digest_of(1) == digest);
  CHECK(digest_of(2) != digest);
  CHECK(digest_of(1, 51) != digest);
}

TEST_CASE("the digest sees every byte and every bit of an event") {
  std::vector<std::uint8_t> bytes(1'231, 0);
  const std::uint64_t hash = hash_bytes(bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = 1;
    REQUIRE(hash_bytes(bytes) != hash);
    bytes[i] = 0;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) REQUIRE(hash_bytes(Bytes{bytes}.first(size)) != hash);
  Digest a;
  a.add(1);
  a.add(2);
  Digest b;
  b.add(2);
  b.add(1);
  CHECK(a.value() != b.value());
}

TEST_CASE("a datagram larger than any that is sent is found") {
  Pair pair;
  Findings findings;
  DatagramChecker checker(findings);
  pair.network.observe(checker);
  pair.a.say(pair.to_b, 1, 1'420);
  pair.network.touch(0);
  CHECK(findings.none());
  pair.a.say(pair.to_b, 1, 1'421);
  pair.network.touch(0);
  CHECK(findings.safety() == 1);
  CHECK(findings.kept()[0].host == 0);
}

}  // namespace spate::sim
