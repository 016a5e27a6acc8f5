// What hostile hosts do beside their nodes, seen from outside.
#include <algorithm>

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
  world.run_until(Instant{} + seconds(5));
  std::vector<std::uint32_t> sessions;
  std::uint64_t dropped = 0;
  for (HostId host = 0; host < world.hosts(); ++host) {
    sessions.push_back(world.peer(host).node_stats().sessions);
    dropped += world.peer(host).node_stats().datagrams_dropped;
  }
  world.run_until(Instant{} + seconds(15));
  std::uint64_t dropped_then = 0;
  for (HostId host = 0; host < world.hosts(); ++host) {
    CAPTURE(host);
    CHECK(world.peer(host).node_stats().sessions >= sessions[host]);
    dropped_then += world.peer(host).node_stats().datagrams_dropped;
  }
  CHECK(dropped_then - dropped > 40'000);  // of 50,000; the last of them are on the way, and some are handshakes
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

}  // namespace spate::sim
