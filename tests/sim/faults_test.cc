// What faults do, and that of those which overlap on one host the last one's end ends them, except of crashes.
#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::seconds;

Fault fault(Fault::Kind kind, Duration at, Duration lasts) {
  Fault fault;
  fault.kind = kind;
  fault.at = at;
  fault.lasts = lasts;
  return fault;
}

// Three viewers; the faults befall all of them.
Scenario with_faults(std::vector<Fault> faults) {
  Scenario s = plain_scenario(4, seconds(16), 3);
  s.arrivals.within = {};
  s.expect.complete = false;
  s.faults = std::move(faults);
  return s;
}

// How many viewers wrote something in each second of the run.
std::vector<std::uint32_t> playing(const Scenario& scenario) {
  World world(scenario, {});
  world.run_to_the_end();
  std::vector<std::uint32_t> all;
  for (const Recorder::Sample& sample : world.recorder().series()) all.push_back(sample.viewers_playing);
  expect_no_findings(world.result());
  return all;
}

}  // namespace

TEST_CASE("of faults that overlap on a host, the last one's end ends them") {
  const Fault::Kind kind =
      GENERATE(Fault::Kind::kPause, Fault::Kind::kClog, Fault::Kind::kPartition, Fault::Kind::kCrash);
  CAPTURE(static_cast<int>(kind));
  const auto one = playing(with_faults({fault(kind, seconds(3), seconds(4))}));
  CHECK(one[5] == 0);
  CHECK(one[10] == 3);
  SECTION("one after the other") {
    const auto two = playing(with_faults({fault(kind, seconds(3), seconds(2)), fault(kind, seconds(4), seconds(3))}));
    // Who is down cannot crash.
    if (kind == Fault::Kind::kCrash) CHECK(two == playing(with_faults({fault(kind, seconds(3), seconds(2))})));
    CHECK(two[4] == 0);
    CHECK(two[5] == (kind == Fault::Kind::kCrash ? 3 : 0));
    CHECK(two[10] == 3);
  }
  SECTION("one within the other") {
    const auto two = playing(with_faults({fault(kind, seconds(3), seconds(4)), fault(kind, seconds(4), seconds(1))}));
    CHECK(two[5] == 0);
    CHECK(two[10] == 3);
  }
}

TEST_CASE("a swizzled clog that is spread over a time begins in it") {
  Fault clog = fault(Fault::Kind::kSwizzle, seconds(2), seconds(2));
  const auto at_once = playing(with_faults({clog}));
  CHECK(at_once[4] == 3);
  clog.within = seconds(3);
  const auto later = playing(with_faults({clog}));
  CHECK(later[4] + later[5] < 6);
}

TEST_CASE("who crashes comes back with its key, or as a stranger") {
  Fault crash = fault(Fault::Kind::kCrash, seconds(3), seconds(2));
  crash.keeps_state = GENERATE(true, false);
  World world(with_faults({crash}), {});
  world.run_to_the_end();
  expect_no_findings(world.result());
  const std::vector<World::Life> lives = world.lives();
  REQUIRE(lives.size() == 6);
  for (std::size_t i = 0; i < lives.size(); i += 2) {
    REQUIRE(lives[i].host == lives[i + 1].host);
    CHECK((lives[i].viewer->key() == lives[i + 1].viewer->key()) == crash.keeps_state);
  }
}

TEST_CASE("a clock that jumps is ahead from then on, and nobody else's is") {
  Fault jump = fault(Fault::Kind::kClockJump, seconds(3), {});
  jump.by = seconds(7);
  Scenario scenario = with_faults({jump});
  scenario.clock = {.offset_max = {}, .drift_ppm_max = 0};
  World world(scenario, {});
  const auto ahead = [&](HostId host) { return world.network().local_time(host) - world.network().now(); };
  world.run_until(Instant{} + seconds(2));
  for (HostId host = 0; host < 4; ++host) CHECK(ahead(host) == Duration::zero());
  world.run_to_the_end();
  expect_no_findings(world.result());
  CHECK(ahead(kPublisherHost) == Duration::zero());
  for (HostId host = 1; host < 4; ++host) CHECK(ahead(host) == jump.by);
}

TEST_CASE("a process that crashes while it is paused comes back going") {
  const auto all = playing(with_faults(
      {fault(Fault::Kind::kPause, seconds(3), seconds(8)), fault(Fault::Kind::kCrash, seconds(4), seconds(1))}));
  CHECK(all[3] == 0);
  CHECK(all[8] == 3);
}

}  // namespace spate::sim
