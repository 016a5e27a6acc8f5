// Hosts that go in the middle of a run, with and without a word.
#include <algorithm>
#include <vector>

#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scenario twenty_viewers(std::uint64_t seed) {
  Scenario s = plain_scenario(21, seconds(12), seed);
  s.publisher_children = 3;
  add_loss(s, 5'000);
  add_jitter(s, milliseconds(1));
  return s;
}

HostId viewer_with_most_children(World& world) {
  HostId most = 1;
  for (HostId host = 2; host < world.hosts(); ++host)
    if (world.stream_stats(host).children > world.stream_stats(most).children) most = host;
  return most;
}

void watch_for_pauses(World& world) {
  for (HostId host = 1; host < world.hosts(); ++host) world.viewer(host).watch_for_pauses(world.network().now());
}

// Every viewer still there has played on, and paused no longer than that.
void expect_no_pause_above(World& world, Duration limit) {
  for (HostId host = 1; host < world.hosts(); ++host) {
    if (!world.network().present(host)) continue;
    const ViewerRecord& record = world.viewer(host).record();
    CAPTURE(world.scenario().seed, host, to_ms(record.longest_pause));
    CHECK(record.longest_pause <= limit);
    CHECK((record.last_output && world.network().now() - *record.last_output <= limit));
  }
}

}  // namespace

TEST_CASE("a parent that dies without a word is replaced within a second, and nothing is missing") {
  const std::uint64_t seed = GENERATE(11u, 12u, 13u);
  World world(twenty_viewers(seed), {});
  world.run_until(Instant{} + seconds(7));
  const HostId victim = viewer_with_most_children(world);
  REQUIRE(world.stream_stats(victim).children >= 1);
  watch_for_pauses(world);
  world.kill(victim);
  world.run_until(Instant{} + seconds(11));
  expect_no_pause_above(world, milliseconds(1'500));
  world.run_to_the_end();
  expect_complete(world.result());
}

TEST_CASE("two parents that die at once are replaced") {
  World world(twenty_viewers(14), {});
  world.run_until(Instant{} + seconds(7));
  const HostId first = viewer_with_most_children(world);
  world.kill(first);
  const HostId second = first == 1 ? 2 : first - 1;
  world.kill(second);
  world.run_to_the_end();
  expect_complete(world.result());
}

TEST_CASE("a parent that leaves with a goodbye is hardly missed") {
  const std::uint64_t seed = GENERATE(15u, 16u);
  World world(twenty_viewers(seed), {});
  world.run_until(Instant{} + seconds(7));
  const HostId leaver = viewer_with_most_children(world);
  REQUIRE(world.stream_stats(leaver).children >= 1);
  watch_for_pauses(world);
  world.leave(leaver);
  world.run_until(Instant{} + seconds(11));
  CHECK(world.viewer(leaver).record().stopped == node::StopReason::kLeft);
  expect_no_pause_above(world, milliseconds(600));
  world.run_to_the_end();
  expect_complete(world.result());
}

TEST_CASE("viewers whose publisher dies stop, and say that they stalled") {
  Scenario s = twenty_viewers(17);
  s.peers = 8;
  s.duration = seconds(60);
  World world(s, {});
  world.run_until(Instant{} + seconds(5));
  world.kill(0);
  world.run_until(Instant{} + seconds(40));
  CHECK(world.over());
  for (HostId host = 1; host < world.hosts(); ++host)
    CHECK(world.viewer(host).record().stopped == node::StopReason::kStalled);
  CHECK(world.result().safety_findings == 0);
}

}  // namespace spate::sim
