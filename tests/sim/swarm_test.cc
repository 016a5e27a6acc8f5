// Whole runs: everybody joins, the stream ends, everybody has it all.
#include "libcore/sim/run.h"
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RunConfig fifty_peers(std::uint64_t seed) {
  RunConfig config;
  config.peers = 50;
  config.duration = seconds(10);
  config.seed = seed;
  config.rate_bps = 2'000'000;
  config.loss_ppm = 10'000;
  config.jitter = milliseconds(2);
  config.rules.complete = true;
  return config;
}

}  // namespace

TEST_CASE("fifty peers get every byte over latency, loss and jitter that reorders, and the same run is the same") {
  const RunResult result = run(fifty_peers(1));
  expect_complete(result);
  CHECK(result.network.lost > 1'000);
  CHECK(result.repaired_packets > 100);
  CHECK(result.delivered_by_1s > 0.999);
  CHECK(result.startup.max < seconds(5));
  CHECK(run(fifty_peers(1)).digest == result.digest);

  const RunResult other = run(fifty_peers(2));
  expect_complete(other);
  CHECK(other.digest != result.digest);
}

TEST_CASE("a swarm without loss loses and repairs nothing") {
  RunConfig config = fifty_peers(3);
  config.peers = 12;
  config.loss_ppm = 0;
  config.jitter = {};
  const RunResult result = run(config);
  expect_complete(result);
  CHECK(result.network.lost == 0);
  CHECK(result.network.queue_full == 0);
  CHECK(result.lost_packets == 0);
  CHECK(result.forged_packets == 0);
}

TEST_CASE("packets that come twice are played once") {
  RunConfig config = fifty_peers(4);
  config.peers = 12;
  config.duplicate_ppm = 100'000;
  expect_complete(run(config));
}

TEST_CASE("bursts of keyframes pass") {
  RunConfig config = fifty_peers(5);
  config.peers = 12;
  config.rate_bps = 4'000'000;
  config.key_frame_weight = 6;
  expect_complete(run(config));
}

TEST_CASE("with two children everywhere, twenty viewers form a tree and all get everything") {
  RunConfig config;
  config.peers = 21;
  config.duration = seconds(10);
  config.seed = 6;
  config.rate_bps = 2'000'000;
  config.publisher_children = 2;
  config.viewer_children = 2;
  config.rules.complete = true;
  World world(config);
  world.run_until(Instant{} + seconds(9));
  for (HostId host = 0; host < config.peers; ++host) {
    const node::StreamStats stats = world.stream_stats(host);
    CAPTURE(host);
    CHECK(stats.children <= 2);
    if (host == 0) continue;
    CHECK(stats.parents == 1);
    CHECK(stats.depth >= 1);
  }
  world.run_to_the_end();
  const RunResult result = world.result();
  expect_complete(result);
  CHECK(result.depth_max >= 4);  // 2 + 4 + 8 viewers are not enough
  CHECK(result.publisher_upload_x < 3);
}

TEST_CASE("when the input ends the publisher drains, and viewers are told of the end") {
  RunConfig config = fifty_peers(7);
  config.peers = 12;
  config.duration = seconds(4);
  World world(config);
  const Instant end = Instant{} + config.duration;
  world.run_until(end - milliseconds(1));
  CHECK(!world.publisher().ended());
  world.run_to_the_end();
  CHECK(world.over());
  CHECK(world.publisher().ended());
  CHECK(world.network().now() < end + seconds(5));
  for (HostId host = 1; host < config.peers; ++host)
    CHECK(world.viewer(host).record().stopped == node::StopReason::kEnded);
  expect_complete(world.result());
}

}  // namespace spate::sim
