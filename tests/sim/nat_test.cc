// Swarms of which many are behind boxes that translate addresses.
#include <vector>

#include "libcore/session/handshake.h"
#include "libcore/session/path_check.h"
#include "libcore/sim/run.h"
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A publisher, a relay and ten viewers, most of them behind a box. Not all find a place at the publisher and the relay.
Scenario hidden_swarm(std::uint64_t seed) {
  Scenario s = plain_scenario(12, seconds(20), seed);
  s.relays = 1;
  s.relay = s.publisher;
  s.publisher_children = 3;
  s.relay_children = 4;
  s.nat.share_ppm = 600'000;
  s.nat.carrier_grade_ppm = 300'000;
  add_loss(s, 5'000);
  add_jitter(s, milliseconds(2));
  return s;
}

std::vector<HostId> hidden(World& world) {
  std::vector<HostId> hosts;
  for (HostId host = 0; host < world.hosts(); ++host)
    if (world.network().box_of(host) != kNoBox) hosts.push_back(host);
  return hosts;
}

RunResult finish(World& world) {
  world.run_to_the_end();
  return world.result();
}

void expect_nothing_unaccounted(const NetworkStats& stats) {
  CHECK(stats.sent + stats.duplicated == stats.delivered + stats.dropped() + stats.in_flight);
}

}  // namespace

TEST_CASE("viewers behind boxes play what a publisher, a relay and the others send them") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    const Scenario scenario = hidden_swarm(seed);
    World world(scenario, {});
    const std::size_t count = hidden(world).size();
    CHECK(count >= 3);
    CHECK(count <= 9);
    for (const HostId host : hidden(world)) CHECK(world.resident(host).role == Role::kViewer);
    world.run_until(Instant{} + seconds(19));
    for (HostId host = 1; host < world.hosts(); ++host) CHECK(world.stream_stats(host).parents > 0);
    const RunResult result = finish(world);
    expect_complete(result);
    CHECK(result.network.filtered > 0);
    expect_nothing_unaccounted(result.network);
    CHECK(run(scenario, {}).digest == result.digest);
  }
}

TEST_CASE("boxes that restart at 1 s and then every 5 s cost no session and next to nothing of the stream") {
  const bool new_address = GENERATE(false, true);
  CAPTURE(new_address);
  Scenario scenario = plain_scenario(8, seconds(65), 3);
  scenario.expect.complete = false;
  scenario.publisher_children = 8;
  scenario.viewer_children = 0;  // all have one session, with the publisher
  scenario.arrivals.within = {};
  scenario.nat.share_ppm = 1'000'000;
  for (Duration at = seconds(1); at <= seconds(60); at = at == seconds(1) ? seconds(5) : at + seconds(5)) {
    Fault restart;
    restart.kind = Fault::Kind::kNatRebind;
    restart.at = at;
    restart.new_address = new_address;
    scenario.faults.push_back(restart);
  }
  class Watch final : public WireObserver {
   public:
    void on_sent(HostId /*from*/, const Address& /*to*/, Bytes datagram, Instant now) override {
      if (datagram.empty() || now < Instant{} + milliseconds(900)) return;
      initiations += datagram[0] == session::kInitiationType ? 1u : 0u;
      challenges += datagram.size() == session::PathCheck::kDatagramBytes ? 1u : 0u;
    }
    std::uint64_t initiations = 0;
    std::uint64_t challenges = 0;
  } watch;
  World world(scenario, {});
  world.network().observe(watch);
  world.run_until(Instant{} + seconds(64));
  for (HostId host = 1; host < world.hosts(); ++host) {
    CHECK(world.network().box_of(host) != kNoBox);
    CHECK(world.peer(host).node_stats().sessions == 1);
  }
  const RunResult result = finish(world);
  expect_no_findings(result);
  CHECK(watch.initiations == 0);  // nobody had to begin anew
  CHECK(watch.challenges >= 7 * 13 * 2);
  CHECK(result.continuity >= 0.999);
}

TEST_CASE("no boxes, no difference") {
  Scenario scenario = hidden_swarm(5);
  scenario.nat.share_ppm = 0;
  World world(scenario, {});
  CHECK(hidden(world).empty());
  const RunResult result = finish(world);
  CHECK(result.network.filtered == 0);
}

TEST_CASE("viewers whose boxes restart play on") {
  Scenario scenario = hidden_swarm(2);
  Fault restart;
  restart.kind = Fault::Kind::kNatRebind;
  restart.at = seconds(8);
  restart.within = seconds(2);
  scenario.faults = {restart};
  World world(scenario, {});
  const RunResult result = finish(world);
  expect_no_findings(result);
  expect_nothing_unaccounted(result.network);
  // Those who were reached at the old ports no longer are.
  CHECK(result.network.filtered > run(hidden_swarm(2), {}).network.filtered);
}

}  // namespace spate::sim
