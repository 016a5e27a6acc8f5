// Whole runs: everybody joins, the stream ends, everybody has it all.
#include "libcore/sim/run.h"
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario lossy_swarm(std::uint32_t peers, std::uint64_t seed) {
  Scenario s = plain_scenario(peers, seconds(10), seed);
  add_loss(s, 10'000);
  add_jitter(s, milliseconds(2));
  return s;
}

RunResult run(const Scenario& scenario) { return run(scenario, {}); }

}  // namespace

TEST_CASE("fifty peers get every byte over latency, loss and jitter that reorders, and the same run is the same") {
  const RunResult result = run(lossy_swarm(50, 1));
  expect_complete(result);
  CHECK(result.network.lost > 1'000);
  CHECK(result.repaired_packets > 100);
  CHECK(result.delivered_by_1s > 0.999);
  CHECK(result.startup.max < seconds(5));
  CHECK(run(lossy_swarm(50, 1)).digest == result.digest);

  const RunResult other = run(lossy_swarm(50, 2));
  expect_complete(other);
  CHECK(other.digest != result.digest);
}

TEST_CASE("the fast suite changes what packets hold, and nothing of when they come") {
  const RunResult real = run(lossy_swarm(12, 8));
  const RunResult fast = run(lossy_swarm(12, 8), {Crypto::kFast});
  expect_complete(fast);
  CHECK(fast.network.events == real.network.events);
  CHECK(fast.lag.p99 == real.lag.p99);
  CHECK(fast.digest != real.digest);
}

TEST_CASE("a swarm without loss loses and repairs nothing") {
  const RunResult result = run(plain_scenario(12, seconds(10), 3));
  expect_complete(result);
  CHECK(result.network.lost == 0);
  CHECK(result.network.queue_full == 0);
  CHECK(result.lost_packets == 0);
  CHECK(result.forged_packets == 0);
}

TEST_CASE("packets that come twice are played once") {
  Scenario s = lossy_swarm(12, 4);
  s.publisher.up.duplicate_ppm = s.viewers[0].up.duplicate_ppm = 100'000;
  expect_complete(run(s));
}

TEST_CASE("bursts of keyframes pass") {
  Scenario s = lossy_swarm(12, 5);
  s.stream.rate_bps = 4'000'000;
  s.stream.key_frame_weight = 6;
  expect_complete(run(s));
}

TEST_CASE("with room for two copies everywhere, twenty viewers share the work and all get everything") {
  Scenario s = plain_scenario(21, seconds(10), 6);
  s.publisher_children = s.viewer_children = 2;
  World world(s, {});
  world.run_until(Instant{} + seconds(9));
  const std::uint64_t stream_bytes = world.stream_stats(0).bytes_in;
  std::uint32_t passing_on = 0;
  for (HostId host = 0; host < world.hosts(); ++host) {
    const node::StreamStats stats = world.stream_stats(host);
    CAPTURE(host);
    CHECK(stats.slots == 2 * stats.stripes);
    CHECK(stats.sent.payload < stream_bytes * 5 / 2);
    passing_on += stats.sent.payload > stream_bytes / 10 ? 1u : 0u;
    if (host == 0) continue;
    CHECK(stats.parents >= 1);
    CHECK(stats.depth >= 1);
  }
  CHECK(passing_on >= 15);
  world.run_to_the_end();
  const RunResult result = world.result();
  expect_complete(result);
  CHECK(result.depth_max >= 2);            // the publisher's two copies are not enough for all
  CHECK(result.publisher_upload_x < 3.5);  // with proofs, parity and messages, and the backlogs of joiners
}

TEST_CASE("when the input ends the publisher drains, and viewers are told of the end") {
  Scenario s = lossy_swarm(12, 7);
  s.duration = seconds(4);
  World world(s, {});
  const Instant end = Instant{} + s.duration;
  world.run_until(end - milliseconds(1));
  CHECK(!world.publisher().ended());
  world.run_to_the_end();
  CHECK(world.over());
  CHECK(world.publisher().ended());
  CHECK(world.network().now() < end + seconds(5));
  for (HostId host = 1; host < world.hosts(); ++host)
    CHECK(world.viewer(host).record().stopped == node::StopReason::kEnded);
  expect_complete(world.result());
}

}  // namespace spate::sim
