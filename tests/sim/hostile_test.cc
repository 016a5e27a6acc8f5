// What hostile hosts do beside their nodes, seen from outside.
#include <algorithm>
#include <numeric>

#include "libcore/session/endpoint.h"
#include "libcore/session/handshake.h"
#include "libcore/sim/run.h"
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::seconds;

// A publisher, a relay, and eight viewers of whom one is hostile, from 5 s on.
Scenario with_one(HostileSpec::Kind kind) {
  Scenario s = plain_scenario(10, seconds(16), 1);
  s.relays = 1;
  s.relay = s.publisher;
  s.relay_children = 8;
  s.hostile = {{kind, 200'000, seconds(5)}};
  const auto hostile = [&] {
    std::uint32_t count = 0;
    for (HostId host = 2; host < s.peers; ++host)
      count += draw_resident(s, crypto::ChaChaRng(s.seed), host).honest() ? 0u : 1u;
    return count;
  };
  while (hostile() != 1) ++s.seed;
  return s;
}

// Datagrams of one type that honest hosts sent, by the second.
class OfType final : public WireObserver {
 public:
  explicit OfType(std::uint8_t type) : type_(type), by_second_(40) {}
  void on_sent(HostId /*from*/, const Address& /*to*/, Bytes datagram, Instant now) override {
    if (!datagram.empty() && datagram[0] == type_) ++by_second_[static_cast<std::size_t>(to_seconds(now - Instant{}))];
  }
  std::uint64_t in_second(std::size_t second) const { return by_second_[second]; }
  std::uint64_t in_all() const { return std::accumulate(by_second_.begin(), by_second_.end(), std::uint64_t{0}); }

 private:
  const std::uint8_t type_;
  std::vector<std::uint64_t> by_second_;
};

}  // namespace

TEST_CASE("of a flood of handshakes a proof is asked within a second, and answers to it stay few") {
  World world(with_one(HostileSpec::Kind::kFlooder), {Crypto::kFast});
  OfType responses(session::kResponseType), cookies(session::kCookieType);
  world.network().observe(responses);
  world.network().observe(cookies);
  world.run_to_the_end();
  expect_complete(world.result());
  CHECK(cookies.in_second(4) == 0);
  CHECK(cookies.in_second(5) > 9'000);  // 5,000 initiations to each of two
  for (std::size_t second = 5; second < 15; ++second) {
    CAPTURE(second);
    CHECK(responses.in_second(second) <=
          2 * (session::Endpoint::kHandshakesPerSecond + session::Endpoint::kHandshakesBurst));
  }
}

TEST_CASE("replays are counted and change nothing: no session, no handshake, no output") {
  Scenario scenario = with_one(HostileSpec::Kind::kReplayer);
  World world(scenario, {Crypto::kFast});
  OfType initiations(session::kInitiationType);
  world.network().observe(initiations);
  const auto sum = [&](auto figure) {
    std::uint64_t all = 0;
    for (HostId host = 0; host < world.hosts(); ++host) all += world.peer(host).node_stats().*figure;
    return all;
  };
  world.run_until(Instant{} + seconds(5) - Duration(1));
  CHECK(world.hostile_deeds() == 0);
  const std::uint64_t dropped = sum(&node::NodeStats::datagrams_dropped);
  const std::uint64_t sessions = sum(&node::NodeStats::sessions);
  for (int second = 5; second <= 15; ++second) {
    CAPTURE(second);
    world.run_until(Instant{} + seconds(second) - Duration(1));
    // Each session has its two ends, and came of one question that an honest host sent.
    CHECK(sum(&node::NodeStats::sessions) <= 2 * initiations.in_all());
  }
  CHECK(sum(&node::NodeStats::sessions) >= sessions);  // and none has gone
  const std::uint64_t replayed = world.hostile_deeds();
  CHECK(replayed >= 50'000);
  // All but the last, which are on the way, and handshakes, which are answered as they were.
  CHECK(sum(&node::NodeStats::datagrams_dropped) - dropped > replayed / 100 * 99);
  world.run_to_the_end();
  expect_complete(world.result());
}

TEST_CASE("colluders go in one instant, and the others play on") {
  Scenario scenario = plain_scenario(20, seconds(20), 3);
  scenario.expect.complete = false;
  scenario.hostile = {{HostileSpec::Kind::kColluder, 300'000, seconds(8)}};
  World world(scenario, {Crypto::kFast});
  world.run_until(Instant{} + seconds(8) - Duration(1));
  std::uint32_t serving = 0;
  for (HostId host = 1; host < world.hosts(); ++host) {
    CHECK(world.network().present(host));
    if (!world.resident(host).honest()) serving += world.stream_stats(host).children > 0 ? 1u : 0u;
  }
  CHECK(serving > 0);
  world.run_until(Instant{} + seconds(8));
  for (HostId host = 1; host < world.hosts(); ++host)
    CHECK(world.network().present(host) == world.resident(host).honest());
  world.run_to_the_end();
  expect_no_findings(world.result());
}

TEST_CASE("colluders that come when the others have gone do not stay") {
  Scenario scenario = plain_scenario(20, seconds(20), 3);
  scenario.expect.complete = false;
  scenario.arrivals.within = seconds(10);
  scenario.hostile = {{HostileSpec::Kind::kColluder, 300'000, seconds(4)}};
  World world(scenario, {Crypto::kFast});
  std::uint64_t late = 0;
  std::uint64_t all = 0;
  world.run_until(Instant{} + seconds(4));
  for (HostId host = 1; host < world.hosts(); ++host) {
    if (world.resident(host).honest()) continue;
    ++all;
    late += world.network().present(host) ? 1u : 0u;  // not gone: it has not come yet
  }
  REQUIRE(late > 0);
  CHECK(world.hostile_deeds() == all - late);
  world.run_until(Instant{} + seconds(10));
  for (HostId host = 1; host < world.hosts(); ++host)
    CHECK(world.network().present(host) == world.resident(host).honest());
  CHECK(world.hostile_deeds() == all);
}

TEST_CASE("a run in which hostile hosts did less than is expected of them has not shown anything") {
  Scenario scenario = with_one(HostileSpec::Kind::kStormer);
  scenario.hostile[0].at = seconds(100);
  scenario.expect.complete = false;
  CHECK(run(scenario, {Crypto::kFast}).liveness_findings == 0);
  scenario.expect.hostile_deeds = 1;
  CHECK(run(scenario, {Crypto::kFast}).liveness_findings == 1);
}

}  // namespace spate::sim
