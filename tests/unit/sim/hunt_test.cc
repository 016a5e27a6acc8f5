#include "libcore/sim/hunt.h"

#include <algorithm>
#include <set>

#include "libcore/sim/scenario_check.h"
#include "libcore/sim/scenario_keys.h"
#include "libcore/sim/scenario_reader.h"
#include "libcore/sim/scenario_writer.h"
#include "tests/catch.h"

namespace spate::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("hunt: a seed draws the same scenario every time, others draw others, and all can be written down") {
  std::set<std::string> drawn;
  std::set<Fault::Kind> kinds;
  std::set<HostileSpec::Kind> villains;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario s = draw_scenario(seed, 12, seconds(60));
    const std::string text = format_scenario(s);
    CHECK(format_scenario(draw_scenario(seed, 12, seconds(60))) == text);
    const auto parsed = parse_scenario(text);
    if (const auto* error = std::get_if<ScenarioError>(&parsed))
      FAIL(seed << ": " << error->what);
    else
      CHECK(format_scenario(std::get<Scenario>(parsed)) == text);
    drawn.insert(text);
    for (const Fault& fault : s.faults) kinds.insert(fault.kind);
    for (const HostileSpec& hostile : s.hostile) villains.insert(hostile.kind);
  }
  CHECK(drawn.size() == 300);
  CHECK(kinds.size() == kFaults.size());
  CHECK(villains.size() == kHostile.size());
}

TEST_CASE("hunt: rates that change and faults of a kind that overlap are drawn, and within what a scenario may say") {
  int traces = 0;
  int overlaps = 0;
  for (const Duration duration : {seconds(10), seconds(60)})
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
      const Scenario s = draw_scenario(seed, 12, duration);
      CAPTURE(seed);
      CHECK_FALSE(check_scenario(s));
      for (const LinkClass& link : s.viewers) {
        if (!link.up.trace) continue;
        ++traces;
        CHECK(link.up_times_milli == 0);
        CHECK(link.up.trace->mean_bps() >= s.stream.rate_bps * 2 * *s.viewer_children);
      }
      for (const Fault& fault : s.faults) {
        const auto first =
            std::find_if(s.faults.begin(), s.faults.end(), [&](const Fault& f) { return f.kind == fault.kind; });
        if (&*first == &fault) continue;
        ++overlaps;
        CHECK(fault.at <= first->at + first->within + first->lasts);
        CHECK(first->at <= fault.at + fault.within + fault.lasts);
      }
    }
  CHECK(traces > 100);
  CHECK(overlaps > 100);
}

TEST_CASE("hunt: what has nothing to do with a failure is taken away") {
  Scenario s = draw_scenario(7, 40, seconds(60));
  s.faults.clear();
  for (const Fault::Kind kind : {Fault::Kind::kKill, Fault::Kind::kPause, Fault::Kind::kLoss, Fault::Kind::kDelay}) {
    s.faults.push_back({});
    s.faults.back().kind = kind;
    s.faults.back().at = seconds(3);
    if (kind != Fault::Kind::kKill) s.faults.back().lasts = seconds(1);
    if (kind == Fault::Kind::kLoss) s.faults.back().loss_ppm = 1'000;
    if (kind == Fault::Kind::kDelay) s.faults.back().by = seconds(1);
  }
  s.churn.on = true;
  s.viewers[0].up_times_milli = 0;
  s.viewers[0].up.trace =
      std::make_shared<const RateTrace>(std::vector<RateStep>{{seconds(1), 2'000'000}, {seconds(1), 4'000'000}});
  int runs = 0;
  const auto fails = [&](const Scenario& candidate) {
    ++runs;
    bool pauses = false;
    for (const Fault& fault : candidate.faults) pauses |= fault.kind == Fault::Kind::kPause;
    return pauses && candidate.peers >= 5;
  };
  REQUIRE(fails(s));
  const Scenario smallest = shrink(s, fails, 200);
  REQUIRE(smallest.faults.size() == 1);
  CHECK(smallest.faults[0].kind == Fault::Kind::kPause);
  CHECK(smallest.peers == 5);
  CHECK_FALSE(smallest.churn.on);
  CHECK(smallest.duration < s.duration / 2);
  CHECK(smallest.viewers.size() == 1);
  CHECK(smallest.viewers[0].up.loss_ppm == 0);
  CHECK_FALSE(smallest.viewers[0].up.trace);
  const std::string text = format_scenario(smallest, default_scenario());
  CHECK(std::count(text.begin(), text.end(), '\n') < 45);
  CHECK(smallest.arrivals.within % milliseconds(1) == Duration::zero());
  CHECK(runs < 100);
}

TEST_CASE("hunt: times become round as far as it fails all the same") {
  Scenario s = draw_scenario(7, 12, seconds(60));
  s.faults = {{.kind = Fault::Kind::kDelay,
               .at = Duration(3'210'987'654),
               .lasts = Duration(1'234'567'890),
               .by = Duration(1'234'567)}};
  const auto fails = [&](const Scenario& candidate) {
    return !candidate.faults.empty() && candidate.faults[0].at > milliseconds(3'200);
  };
  const Scenario smallest = shrink(s, fails, 300);
  CHECK(smallest.faults[0].at == milliseconds(3'210));
  CHECK(smallest.faults[0].by == milliseconds(1));
  CHECK(smallest.churn.median % milliseconds(1) == Duration::zero());
}

TEST_CASE("hunt: shrinking stops when it has had its runs") {
  int runs = 0;
  const auto fails = [&](const Scenario&) { return ++runs > 0; };
  shrink(draw_scenario(3, 40, seconds(60)), fails, 4);
  CHECK(runs == 4);
}

}  // namespace spate::sim
