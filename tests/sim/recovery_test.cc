// What a path takes from a viewer, and how soon it is made good: steady loss, loss in bursts, blackouts, and a path
// that is there five seconds of seven. Everybody has two parents at least, 50 ms of round trip, and a second to make it
// good.
#include <algorithm>

#include "libcore/sim/world.h"
#include "tests/sim/expect.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kViewers = 7;

Scenario one_second_behind(Duration duration, std::uint64_t seed) {
  Scenario s = plain_scenario(kViewers + 1, duration, seed);
  s.latency = seconds(1);
  s.map.delay_min = s.map.delay_max = milliseconds(25);
  s.arrivals.within = {};
  s.publisher_children = 4;
  s.expect.complete = false;
  return s;
}

Fault loss(Duration at, Duration lasts, std::uint32_t ppm, Who who) {
  Fault fault;
  fault.kind = Fault::Kind::kLoss;
  fault.at = at;
  fault.lasts = lasts;
  fault.loss_ppm = ppm;
  fault.who = who;
  return fault;
}

// A sender's way up and a receiver's way down lose as much together.
std::uint32_t half(std::uint32_t ppm) {
  std::uint32_t end = 0;
  while (2 * end - static_cast<std::uint64_t>(end) * end / 1'000'000 < ppm) end += 10;
  return end;
}

struct Outcome {
  RunResult result;
  std::vector<Recorder::Sample> series;

  // Of the frames that were due in the seconds [from, to).
  double whole(std::size_t from, std::size_t to) const {
    std::uint64_t frames = 0;
    std::uint64_t whole = 0;
    for (std::size_t i = from; i < to; ++i) {
      frames += series[i].frames;
      whole += series[i].frames_whole;
    }
    REQUIRE(frames > 0);
    return static_cast<double>(whole) / static_cast<double>(frames);
  }
};

Outcome outcome_of(const Scenario& scenario) {
  World world(scenario, {Crypto::kFast});
  world.run_to_the_end();
  Outcome outcome;
  outcome.result = world.result();
  outcome.series.assign(world.recorder().series().begin(), world.recorder().series().end());
  expect_no_findings(outcome.result);
  return outcome;
}

}  // namespace

TEST_CASE("R1: with up to a fifth of everything lost on each hop hardly a frame is missed, and 2 s later none") {
  struct Row {
    std::uint32_t loss_ppm;
    double whole;
  };
  const Row row = GENERATE(Row{10'000, 0.9999}, Row{20'000, 0.9999}, Row{50'000, 0.9999}, Row{100'000, 0.999},
                           Row{200'000, 0.99}, Row{300'000, 0.95});
  const std::uint64_t seed = GENERATE(1u, 2u);
  CAPTURE(row.loss_ppm, seed);
  Scenario s = one_second_behind(seconds(60), seed);
  s.faults = {loss(seconds(10), seconds(30), half(row.loss_ppm), Who::kAll)};
  const Outcome outcome = outcome_of(s);
  CHECK(outcome.whole(10, 40) >= row.whole);
  CHECK(outcome.whole(42, 60) == 1);
}

TEST_CASE("R2: a twentieth lost, eight at a time, costs not one frame in a thousand") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  Scenario s = one_second_behind(seconds(60), seed);
  LinkConfig& down = s.viewers[0].down;
  down.loss_ppm = 50'000;
  down.loss_burst = milliseconds(32);  // of some 250 datagrams a second
  const Outcome outcome = outcome_of(s);
  CHECK(outcome.result.continuity >= 0.999);
}

TEST_CASE("R2: 200 ms of nothing, to all viewers, cost nobody a packet") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  Scenario s = one_second_behind(seconds(20), seed);
  s.expect.complete = true;
  s.faults = {loss(seconds(8), milliseconds(200), 1'000'000, Who::kViewers)};
  expect_complete(outcome_of(s).result);
}

// How long after `healed` each viewer wrote something again, as far as two seconds.
std::vector<Duration> resumed(World& world, Instant healed) {
  constexpr Duration kStep = milliseconds(20);
  world.run_until(healed);
  std::vector<std::uint64_t> before;
  for (HostId host = 1; host < world.hosts(); ++host) before.push_back(world.stream_stats(host).bytes_out);
  constexpr Duration kNever = seconds(5);
  std::vector<Duration> took(before.size(), kNever);
  for (Duration d = kStep; d <= seconds(2); d += kStep) {
    world.run_until(healed + d);
    for (HostId host = 1; host < world.hosts(); ++host)
      if (took[host - 1] == kNever && world.stream_stats(host).bytes_out > before[host - 1]) took[host - 1] = d;
  }
  return took;
}

TEST_CASE("R2: where the path is there for 5 s of 7, all play again within a second of its return, most at once") {
  std::vector<Duration> took;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Scenario s = one_second_behind(seconds(60), seed);
    for (int i = 0; i < 6; ++i) s.faults.push_back(loss(seconds(10 + 7 * i), seconds(2), 1'000'000, Who::kViewers));
    World world(s, {Crypto::kFast});
    for (int i = 0; i < 6; ++i)
      for (const Duration d : resumed(world, Instant{} + seconds(12 + 7 * i))) took.push_back(d);
  }
  std::sort(took.begin(), took.end());
  REQUIRE(took.size() == std::size_t{4} * 6 * kViewers);
  CHECK(took[took.size() / 2] <= milliseconds(500));
  CHECK(took.back() <= seconds(1));
}

}  // namespace spate::sim
