// Datagrams over TCP on the virtual network.
#include <algorithm>
#include <vector>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/network.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kOneWay = milliseconds(20);
constexpr std::uint32_t kFirst = 1u << 24;  // its first byte is an initiation's type

class FixedDelay final : public DelayModel {
 public:
  Duration one_way(HostId /*from*/, HostId /*to*/) override { return kOneWay; }
};

// Sends numbered datagrams, and notes what comes.
class Talker final : public HostProgram {
 public:
  struct Received {
    Instant time;
    Address from;
    std::uint32_t number;
  };

  void handle_datagrams(std::span<const Datagram> batch, Moment at) override {
    for (const Datagram& datagram : batch) received.push_back({at.now, datagram.from, Reader(datagram.bytes).u32()});
  }
  void handle_deadline(Moment /*at*/) override {}
  std::optional<Moment> poll(Moment /*at*/, DatagramBatch& out) override {
    for (const auto& [to, number] : outgoing) {
      const MutableBytes bytes = out.add(to, 1'000);
      std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
      Writer(bytes).u32(number);
    }
    outgoing.clear();
    return Moment{kNever, kNever};
  }

  std::vector<std::pair<Address, std::uint32_t>> outgoing;
  std::vector<Received> received;
};

struct Pair {
  explicit Pair(const HostConfig& config = {}) : network(crypto::ChaChaRng(1), delays) {
    network.add(a, config);
    network.add(b, config);
  }
  void say(HostId host, std::uint32_t number) {
    Talker& talker = host == 0 ? a : b;
    talker.outgoing.push_back({Network::address_of(1 - host).over_tcp(), number});
    network.touch(host);
  }
  void run_for(Duration d) { network.run_until(network.now() + d); }
  void check_count() const {
    const NetworkStats& s = network.stats();
    CHECK(s.sent + s.duplicated == s.delivered + s.dropped() + s.in_flight);
  }

  FixedDelay delays;
  Talker a;
  Talker b;
  Network network;
};

}  // namespace

TEST_CASE("network, TCP: an initiation makes a connection, which takes a round trip, and goes both ways", "[sim]") {
  Pair pair;
  pair.say(0, 5);  // is none
  pair.run_for(seconds(1));
  CHECK(pair.b.received.empty());
  const Instant begin = pair.network.now();
  pair.say(0, kFirst);
  pair.run_for(seconds(1));
  REQUIRE(pair.b.received.size() == 1);
  CHECK(pair.b.received[0].time == begin + 3 * kOneWay);
  CHECK(pair.b.received[0].from == Network::address_of(0).over_tcp());
  const Instant answered = pair.network.now();
  pair.say(1, 7);
  pair.run_for(seconds(1));
  REQUIRE(pair.a.received.size() == 1);
  CHECK(pair.a.received[0].time == answered + kOneWay);
  pair.check_count();
}

TEST_CASE("network, TCP: what is lost comes later, and all in order", "[sim]") {
  HostConfig config;
  config.up.loss_ppm = config.down.loss_ppm = 100'000;
  Pair pair(config);
  constexpr std::uint32_t kMany = 200;
  for (std::uint32_t i = 0; i < kMany; ++i) pair.say(0, kFirst + i);
  pair.run_for(seconds(10));
  REQUIRE(pair.b.received.size() == kMany);
  for (std::uint32_t i = 0; i < kMany; ++i) CHECK(pair.b.received[i].number == kFirst + i);
  CHECK(pair.b.received.back().time > Instant{} + 4 * kOneWay);
  pair.check_count();
}

TEST_CASE("network, TCP: what is larger than the largest packet goes in parts", "[sim]") {
  HostConfig config;
  config.up.mtu_bytes = config.down.mtu_bytes = 600;
  Pair f(config);
  f.say(0, kFirst);
  f.run_for(seconds(1));
  CHECK(f.b.received.size() == 1);
  CHECK(f.network.stats().too_large == 0);
}

TEST_CASE("network, TCP: what the link does not take in time is dropped, the oldest first", "[sim]") {
  HostConfig config;
  config.up.rate_bps = 1'000'000;
  config.up.queue_bytes = 1'000'000;
  Pair pair(config);
  constexpr std::uint32_t kMany = 2'000;  // 16 s of it
  for (std::uint32_t i = 0; i < kMany; ++i) pair.say(0, kFirst + i);
  pair.run_for(seconds(30));
  CHECK(pair.b.received.size() < kMany / 2);
  CHECK(pair.network.stats().queue_full == kMany - pair.b.received.size());
  CHECK(std::is_sorted(pair.b.received.begin(), pair.b.received.end(),
                       [](const auto& x, const auto& y) { return x.number < y.number; }));
  pair.check_count();
}

TEST_CASE("network, TCP: it goes where no UDP does, and ends with a host", "[sim]") {
  Pair pair;
  pair.network.block_udp(0);
  pair.a.outgoing.push_back({Network::address_of(1), 3});
  pair.b.outgoing.push_back({Network::address_of(0), 4});
  pair.network.touch(1);
  pair.say(0, kFirst);
  pair.run_for(seconds(1));
  CHECK(pair.a.received.empty());
  REQUIRE(pair.b.received.size() == 1);
  CHECK(pair.b.received[0].number == kFirst);
  CHECK(pair.network.stats().filtered == 2);
  pair.say(0, 9);
  pair.network.remove(0);
  pair.say(1, 10);
  pair.run_for(seconds(1));
  CHECK(pair.b.received.size() == 1);
  CHECK(pair.network.stats().in_flight == 0);
  pair.check_count();
}

}  // namespace spate::sim
