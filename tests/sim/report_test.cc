// What a run tells of itself: the recorder's figures and the result's agree with each other and with the wire.
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario small_lossy_run() {
  Scenario s = plain_scenario(16, seconds(6), 1);
  s.stream.rate_bps = 1'000'000;
  s.publisher_children = 3;
  s.expect.complete = false;
  add_loss(s, 20'000);
  add_jitter(s, milliseconds(2));
  return s;
}

// Half of the viewers are cut off from 4 s to 7 s, and do not wait for all that they missed. In this seed nothing else
// is missed later.
Scenario cut_off_run() {
  Scenario s = plain_scenario(8, seconds(14), 2);
  s.expect.complete = false;
  s.latency = milliseconds(300);
  Fault fault;
  fault.kind = Fault::Kind::kPartition;
  fault.at = seconds(4);
  fault.lasts = seconds(3);
  fault.share_ppm = 500'000;
  s.faults.push_back(fault);
  return s;
}

}  // namespace

TEST_CASE("the series adds up to the result") {
  World world(small_lossy_run(), {});
  world.run_to_the_end();
  const RunResult result = world.result();
  expect_no_findings(result);
  std::uint64_t delivered = 0;
  std::uint64_t wire_bytes = 0;
  for (const Recorder::Sample& sample : world.recorder().series()) {
    delivered += sample.stream_bytes_delivered;
    wire_bytes += sample.wire_bytes_sent;
  }
  CHECK(delivered == result.stream_bytes_delivered);
  CHECK(result.overhead.total == Approx(static_cast<double>(wire_bytes) / static_cast<double>(delivered) - 1));
  CHECK(world.recorder().series().front().at == Instant{} + seconds(1));
  CHECK(world.recorder().startups().size() == 15);
  CHECK(result.failover.max == Duration::zero());
}

TEST_CASE("the parts of the overhead explain it") {
  World world(small_lossy_run(), {});
  world.run_to_the_end();
  const Overhead overhead = world.result().overhead;
  CHECK(overhead.headers > 0.05);  // 68 bytes around 1,316, and around what came twice
  CHECK(overhead.headers < 0.1);
  CHECK(overhead.signatures > 0.005);
  CHECK(overhead.repairs >= 0);  // less what came twice
  CHECK(overhead.control > 0.001);
  CHECK(overhead.control < 0.2);
  CHECK(overhead.rest > -0.02);         // what is made of parity was not sent
  CHECK(overhead.rest < 0.02 + 0.005);  // what is lost on the way, and replaced by parity
  CHECK(overhead.parity > 0.04);        // a shard for each of sixteen, or of fewer in a slow stream
  CHECK(overhead.parity < 0.2);
}

TEST_CASE("a warm-up is left out of the figures, and changes nothing of the run") {
  Scenario s = cut_off_run();
  World whole(s, {});
  whole.run_to_the_end();
  const RunResult all = whole.result();
  CHECK(all.continuity < 1);
  CHECK(all.delivered_ever < 1);
  CHECK(all.lost_packets > 0);
  CHECK(all.startups == 7);

  // All that was missed was due before, and those who were cut off have caught up.
  s.warm_up = seconds(10);
  s.expect.by_1s_ppm = s.expect.continuity_ppm = 1'000'000;
  World late(s, {});
  late.run_to_the_end();
  const RunResult rest = late.result();
  expect_no_findings(rest);
  CHECK(rest.digest == all.digest);
  CHECK(rest.continuity == 1);
  CHECK(rest.delivered_ever == 1);
  CHECK(rest.delivered_by_1s == 1);
  CHECK(rest.lag.max < all.lag.max);
  CHECK(rest.lost_packets == 0);
  CHECK(rest.startups == 0);
  CHECK(rest.joins == 0);
  CHECK(rest.publisher_upload_x > 0.5);
  CHECK(rest.publisher_upload_x < 9);
  CHECK(rest.simulated == all.simulated);
  std::uint64_t delivered = 0;
  std::uint64_t wire_bytes = 0;
  for (const Recorder::Sample& sample : late.recorder().series()) {
    if (sample.at <= Instant{} + s.warm_up) continue;
    delivered += sample.stream_bytes_delivered;
    wire_bytes += sample.wire_bytes_sent;
  }
  // What happens at the very end of a second is that second's, and the warm-up's end is measured.
  CHECK(static_cast<double>(rest.stream_bytes_delivered) == Approx(static_cast<double>(delivered)).epsilon(0.01));
  CHECK(rest.overhead.total ==
        Approx(static_cast<double>(wire_bytes) / static_cast<double>(delivered) - 1).margin(0.01));

  // What was missed is due after a shorter one.
  s.warm_up = seconds(3);
  World early(s, {});
  early.run_to_the_end();
  const RunResult most = early.result();
  CHECK(most.digest == all.digest);
  CHECK(most.continuity < all.continuity);
  CHECK(most.lost_packets == all.lost_packets);
  CHECK(most.liveness_findings > 0);
}

TEST_CASE("delivery at all is expected of the whole run, warm-up and all") {
  Scenario s = cut_off_run();
  s.warm_up = seconds(10);
  s.expect.ever_ppm = 1'000'000;
  World world(s, {});
  world.run_to_the_end();
  const RunResult result = world.result();
  CHECK(result.delivered_ever == 1);
  CHECK(result.liveness_findings == 1);
}

TEST_CASE("a run that is interrupted in its warm-up has measured nothing") {
  Scenario s = small_lossy_run();
  s.warm_up = seconds(5);
  World world(s, {});
  world.run_to_the_end([&] { return world.network().now() < Instant{} + seconds(4); });
  const RunResult result = world.result();
  CHECK(result.lag.max == Duration::zero());
  CHECK(result.delivered_ever == 0);
  CHECK(result.stream_bytes_delivered == 0);
  CHECK(result.publisher_upload_x == 0);
  CHECK(world.recorder().series().size() == 4);
}

TEST_CASE("a viewer whose parent dies has a fail-over") {
  World world(small_lossy_run(), {});
  world.run_until(Instant{} + seconds(4));
  HostId parent = 1;
  for (HostId host = 1; host < 16; ++host)
    if (world.stream_stats(host).children > world.stream_stats(parent).children) parent = host;
  const std::size_t children = world.stream_stats(parent).children;
  REQUIRE(children > 0);
  world.kill(parent);
  world.run_to_the_end();
  // It counts for those that took it last; who has lost a stripe only may not feel it.
  CHECK(world.recorder().failovers().size() <= children);
  CHECK(world.result().failover.max < seconds(2));
}

TEST_CASE("a viewer that starved until it left is owed what was due five seconds before") {
  Scenario s = plain_scenario(4, seconds(12), 1);
  s.arrivals.within = {};
  s.publisher_children = 1;
  s.viewer_children = 0;
  World world(s, {});
  const Duration stays = GENERATE(seconds(9), seconds(5));
  world.run_until(Instant{} + stays);
  HostId fed = 1;
  for (HostId host = 1; host < 4; ++host) {
    if (world.viewer(host).record().first_output)
      fed = host;
    else
      host % 2 == 0 ? world.kill(host) : world.leave(host);
  }
  REQUIRE(world.network().present(fed));
  world.run_to_the_end();
  const RunResult result = world.result();
  expect_no_findings(result);
  const double share = 12. / (12 + 2 * to_seconds(stays - seconds(5)));
  CHECK(result.delivered_ever == Approx(share).margin(0.02));
  CHECK(result.continuity == Approx(share).margin(0.02));
  CHECK(result.delivered_by_1s <= result.delivered_ever);
  CHECK(world.stayed(fed == 1 ? 2 : 1) == stays);
}

TEST_CASE("a host that comes back is counted for both its lives") {
  World world(plain_scenario(4, seconds(12), 1), {});
  world.run_until(Instant{} + seconds(5));
  const Duration first = world.stayed(1);
  world.crash(1, true);
  world.run_until(Instant{} + seconds(7));
  CHECK(world.stayed(1) == first);
  world.come_back(1);
  world.run_until(Instant{} + seconds(9));
  CHECK(world.stayed(1) == first + seconds(2));
  world.run_to_the_end();
  world.result();
  CHECK(world.recorder().startups().size() == 4);
}

TEST_CASE("an interrupted run is judged by what it has written so far") {
  World world(small_lossy_run(), {});
  world.run_to_the_end([&] { return world.network().now() < Instant{} + seconds(4); });
  const RunResult result = world.result();
  CHECK(result.interrupted);
  CHECK(result.simulated == seconds(4));
  CHECK(result.liveness_findings == 0);
  CHECK(result.delivered_ever == 1);
}

}  // namespace spate::sim
