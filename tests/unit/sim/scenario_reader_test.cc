#include "libcore/sim/scenario_reader.h"

#include "libcore/sim/scenario_writer.h"

#include "tests/catch.h"

namespace spate::sim {
namespace {

Scenario read(std::string_view text) {
  auto parsed = parse_scenario(text);
  if (const auto* error = std::get_if<ScenarioError>(&parsed)) FAIL(error->line << ": " << error->what);
  return std::get<Scenario>(std::move(parsed));
}

ScenarioError refuse(std::string_view text) {
  auto parsed = parse_scenario(text);
  INFO(text);
  REQUIRE(std::holds_alternative<ScenarioError>(parsed));
  return std::get<ScenarioError>(parsed);
}

}  // namespace

TEST_CASE("scenario: nothing said is the default world") {
  const Scenario s = read("");
  CHECK(s.viewers.size() == 4);
  CHECK(s.churn.on);
  CHECK(s.stream.rate_bps == 4'000'000);
}

TEST_CASE("scenario: every kind of value") {
  const Scenario s = read(R"(
purpose = "A test."
peers = 300
seed = 9
duration = "90s"
warm-up = "20s"
latency = "350ms"
viewer-children = 3
[stream]
rate = "2.5M"
[churn]
on = false
sigma = 0.75
[[viewers]]
access = "vdsl"
share = 2
up = "1.6x"
loss-up = "0.25%"
[[viewers]]
up = "800k"
[[faults]]
kind = "partition"
at = "10s"
for = "1500ms"
share = "30%"
one-way = true
[[hostile]]
kind = "polluter"
share = "20%"
[expect]
by-1s = "99.9%"
)");
  CHECK(s.peers == 300);
  CHECK(s.seed == 9);
  CHECK(s.warm_up == std::chrono::seconds(20));
  CHECK(s.latency == std::chrono::milliseconds(350));
  CHECK(s.viewer_children == 3);
  CHECK(s.stream.rate_bps == 2'500'000);
  CHECK_FALSE(s.churn.on);
  CHECK(s.churn.sigma_milli == 750);
  REQUIRE(s.viewers.size() == 2);
  CHECK(s.viewers[0].name == "vdsl");
  CHECK(s.viewers[0].down.delay == std::chrono::milliseconds(5));
  CHECK(s.viewers[0].down.rate_bps == 50'000'000);
  CHECK(s.viewers[0].up_times_milli == 1'600);
  CHECK(s.viewers[0].up.loss_ppm == 2'500);
  CHECK(s.viewers[1].up.rate_bps == 800'000);
  REQUIRE(s.faults.size() == 1);
  CHECK(s.faults[0].kind == Fault::Kind::kPartition);
  CHECK(s.faults[0].lasts == std::chrono::milliseconds(1'500));
  CHECK(s.faults[0].share_ppm == 300'000);
  CHECK(s.faults[0].one_way);
  REQUIRE(s.hostile.size() == 1);
  CHECK(s.hostile[0].share_ppm == 200'000);
  CHECK(s.expect.by_1s_ppm == 999'000);
}

TEST_CASE("scenario: what is written reads back the same") {
  Scenario s = default_scenario();
  s.name = "a \"quoted\" name";
  s.latency = std::chrono::microseconds(1'500);
  s.relay_children = 7;
  s.faults.push_back(
      {Fault::Kind::kLoss, std::chrono::seconds(3), {}, std::chrono::milliseconds(2'250), Who::kInterior});
  s.faults[0].loss_ppm = 12'345;
  s.hostile.push_back({HostileSpec::Kind::kSybil, 1});
  const std::string text = format_scenario(s);
  CHECK(format_scenario(read(text)) == text);
  CHECK(read(text).faults[0].loss_ppm == 12'345);
  CHECK(read(text).viewers[0].up_times_milli == 100);
}

TEST_CASE("scenario: what differs from a base is all that need be written") {
  const Scenario base = default_scenario();
  CHECK(format_scenario(base, base).empty());
  Scenario s = base;
  s.peers = 9;
  s.map.kind = MapSpec::Kind::kPlane;
  s.publisher.up_times_milli = 0;
  s.publisher.up.trace = std::make_shared<const RateTrace>(std::vector<RateStep>{{std::chrono::seconds(1), 4'000'000}});
  s.faults.push_back({Fault::Kind::kKill, std::chrono::seconds(3)});
  CHECK(format_scenario(s, base) == R"(peers = 9

[map]
kind = "plane"

[publisher]
up = "0"
up-trace = [["1s", "4M"]]

[[faults]]
kind = "kill"
at = "3s"
)");
  CHECK(format_scenario(read(format_scenario(s, base))) == format_scenario(s));
  s.viewers.pop_back();
  s.viewers[0].name = "";
  s.latency = std::chrono::seconds(1);
  CHECK(format_scenario(read(format_scenario(s, base))) == format_scenario(s));
}

TEST_CASE("scenario: kinds of loss and of churn are begun with, and changed by other keys wherever they stand") {
  const Scenario s = read(R"([[viewers]]
loss-burst-up = "1ms"
loss = "home-wifi"
[[viewers]]
access = "geo"
loss = "torture"
[churn]
sigma = 1
kind = "on-demand"
)");
  CHECK(s.viewers.at(0).up.loss_ppm == 7);
  CHECK(s.viewers[0].down.loss_ppm == 8);
  CHECK(s.viewers[0].up.loss_burst == std::chrono::milliseconds(1));
  CHECK(s.viewers[0].down.loss_burst == std::chrono::microseconds(2'400));
  CHECK(s.viewers.at(1).up.loss_ppm == 50'000);
  CHECK(s.viewers[1].up.delay == std::chrono::milliseconds(170));
  CHECK(s.churn.median == std::chrono::seconds(197));
  CHECK(s.churn.sigma_milli == 1'000);
  CHECK(s.churn.on);
  CHECK(format_scenario(read(format_scenario(s))) == format_scenario(s));
  CHECK(read("[churn]\nkind = \"broadcast\"\n").churn.median == default_scenario().churn.median);
}

TEST_CASE("scenario: what kind of boxes translate addresses") {
  const Scenario s = read(R"([nat]
share = "50%"
mapping = "address"
filtering = "address-and-port"
idle-timeout = "30s"
)");
  CHECK(s.nat.mapping == NatRule::kAddress);
  CHECK(s.nat.filtering == NatRule::kAddressAndPort);
  CHECK(s.nat.idle_timeout == std::chrono::seconds(30));
  CHECK(read(format_scenario(s)).nat.mapping == NatRule::kAddress);
  CHECK_FALSE(read("[nat]\nmapping = \"drawn\"\nidle-timeout = \"drawn\"\n").nat.mapping);
  CHECK(default_scenario().nat.share_ppm == 600'000);
}

TEST_CASE("scenario: rates that change") {
  const std::string text = R"([[viewers]]
access = "lte"
up-trace = [["1500ms", "8M"],
  ["20ms", "0"], ["1s", "500k"]]
down-trace = [["1m", "35M"]]
traces-in-step = true
[publisher]
up-trace = []
)";
  const Scenario s = read(text);
  REQUIRE(s.viewers.at(0).up.trace);
  const std::vector<RateStep> steps = s.viewers[0].up.trace->steps();
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].duration == std::chrono::milliseconds(1'500));
  CHECK(steps[0].rate_bps == 8'000'000);
  CHECK(steps[1].rate_bps == 0);
  CHECK(steps[2].rate_bps == 500'000);
  CHECK(s.viewers[0].down.trace->mean_bps() == 35'000'000);
  CHECK(s.viewers[0].traces_in_step);
  CHECK(s.viewers[0].up.rate_bps == 0);  // the access's is not asked any more
  CHECK(s.viewers[0].down.rate_bps == 0);
  CHECK_FALSE(s.publisher.up.trace);
  CHECK(read("[publisher]\nup = \"0\"\nup-trace = [[\"1s\", \"4M\"]]\n").publisher.up_times_milli == 0);
  const std::string written = format_scenario(s);
  CHECK(written.find(R"(up-trace = [["1500ms", "8M"], ["20ms", "0"], ["1s", "500k"]])") != std::string::npos);
  CHECK(format_scenario(read(written)) == written);
}

TEST_CASE("scenario: rates that change may be slow, but not slower than 1k in the mean") {
  CHECK(read("[[viewers]]\nup-trace = [[\"1h\", \"1k\"]]\n").viewers[0].up.trace->mean_bps() == 1'000);
  CHECK(read("[[viewers]]\nup-trace = [[\"1s\", \"3601k\"], [\"1h\", \"0\"]]\n").viewers[0].up.trace->mean_bps() ==
        1'000);
}

TEST_CASE("scenario: mistakes are told with their line and what was expected") {
  const auto told = [](std::string_view text, std::uint32_t line, const std::string& part) {
    const ScenarioError error = refuse(text);
    CAPTURE(text, error.what);
    CHECK(error.line == line);
    CHECK(error.what.find(part) != std::string::npos);
  };
  told("peers = 10\nspeed = 3\n", 2, "unknown key 'speed'");
  told("seed = 3\n[:\n", 2, "");  // what toml++ takes for impossible
  told("[churn]\nmedian = 600\n", 2, "a duration with its unit");
  told("duration = \"90\"\n", 1, "a duration with its unit");
  told("duration = \"10001h\"\n", 1, "10000h at most");
  told("history = \"10001h\"\n", 1, "10000h at most");
  told("peers = 1\n", 1, "from 2 to");
  told("peers = \"many\"\n", 1, "a whole number");
  told("[[viewers]]\nloss-up = \"101%\"\n", 2, "a share");
  told("[[viewers]]\nloss-up = 0.1\n", 2, "a share");
  told("[[viewers]]\nup = \"4Mb\"\n", 2, "a rate");
  told("[[viewers]]\naccess = \"modem\"\n", 2, "fibre");
  told("[[viewers]]\nloss = \"0.1%\"\n", 2, "home-wifi, good");
  told("[churn]\nkind = \"wild\"\n", 2, "broadcast, zapping");
  told("[nat]\nmapping = \"full-cone\"\n", 2, "endpoint-independent");
  for (const char* steps :
       {"3", "\"1s\"", "[\"1s\", \"4M\"]", "[[\"1s\"]]", "[[\"1s\", 4]]", "[[\"1\", \"4M\"]]",
        "[[\"1s\", \"4M\", \"1s\"]]", "[[\"1s\", \"0\"]]", "[[\"500us\", \"4M\"]]", "[[\"0\", \"4M\"]]",
        "[[\"1s\", \"1000G\"]]", "[[\"61m\", \"4M\"]]", "[[\"1ms\", \"1k\"], [\"1h\", \"0\"]]", "[[\"1s\", \"999\"]]"})
    told("[[viewers]]\nup-trace = " + std::string(steps) + "\n", 2, "a list of at most 10000 steps");
  told("[[viewers]]\ndown-trace = [[\"1s\", \"4M\"],\n [\"1s\", \"fast\"]]\n", 3, "'down-trace'");
  told("[[faults]]\nat = \"3s\"\n", 1, "'kind' is missing");
  told("[[faults]]\nkind = \"fire\"\n", 2, "partition");
  told("[map]\nkind = \"flat\"\n", 2, "plane");
  told("stream = 3\n", 1, "[stream]");
  told("viewers = 3\n", 1, "[[viewers]]");
  told("peers = \n", 1, "");
}

TEST_CASE("scenario: what cannot be together is told with the line of one of its keys") {
  const auto told = [](std::string_view text, std::uint32_t line, const std::string& part) {
    const ScenarioError error = refuse(text);
    CAPTURE(text, error.what);
    CHECK(error.line == line);
    CHECK(error.what.find(part) != std::string::npos);
  };
  told("seed = 3\npeers = 5\nrelays = 4\n", 2, "room");
  told("seed = 3\nrelays = 60\n", 2, "room");
  const std::string too_calm = " is longer than 'duration', which is 5s: give a shorter 'calm'";
  told("seed = 3\nduration = \"5s\"\n", 2, "'calm', which is 8s," + too_calm);
  told("duration = \"5s\"\ncalm = \"6s\"\n", 2, "'calm', which is 6s," + too_calm);
  told("duration = \"900ms\"\n", 1, "'duration'");
  told("seed = 3\nwarm-up = \"30s\"\n", 2, "'warm-up' must be shorter than 'duration', which is 30s");
  told("duration = \"20s\"\nwarm-up = \"20s\"\n", 2, "'warm-up'");
  told("seed = 3\nwake = \"1s\"\n", 2, "'wake'");
  told("seed = 3\nviewers = []\n", 2, "[[viewers]]");
  told("[map]\nkind = \"world\"\ncontinent = \"mu\"\n", 3, "africa");
  told("[map]\nkind = \"plane\"\ndelay-min = \"90ms\"\n", 3, "'delay-max'");
  for (const char* kind : {"plane", "matrix"})
    told("[map]\ncontinent = \"europe\"\nkind = \"" + std::string(kind) + "\"\n", 2,
         "'continent' in [map] goes with kind \"world\" only");
  for (const char* kind : {"world", "matrix"})
    for (const std::string key : {"delay-min", "delay-max"})
      told("[map]\nkind = \"" + std::string(kind) + "\"\n" + key + " = \"6ms\"\n", 3,
           "'" + key + "' in [map] goes with kind \"plane\" only");
  told("[churn]\nmedian = \"0\"\n", 2, "median");
  told("[churn]\nsigma = 3.001\n", 2, "'sigma'");
  told("[arrivals]\nwithin = \"31s\"\n", 2, "within");
  told("[[faults]]\nkind = \"kill\"\nat = \"3s\"\nnew-address = true\n", 4, "'new-address'");
  told("[[hostile]]\nkind = \"omitter\"\nat = \"6s\"\n", 3, "'at'");
  told("[[hostile]]\nkind = \"omitter\"\nshare = \"60%\"\n[[hostile]]\nkind = \"sybil\"\nshare = \"60%\"\n", 6, "100%");
  const std::string trace = "-trace = [[\"1s\", \"4M\"]]\n";
  told("[[viewers]]\nup = \"4M\"\nup" + trace, 2, "'up-trace'");
  told("[[viewers]]\nup" + trace + "up = \"1.5x\"\n", 3, "'up-trace'");
  told("[publisher]\ndown" + trace + "down = \"4M\"\n", 3, "'down-trace'");
  const std::string fine = "duration = \"20s\"\n[[faults]]\nkind = \"kill\"\nat = \"3s\"\n";
  told(fine + "[[faults]]\nkind = \"pause\"\nat = \"10s\"\n", 5, "needs 'for'");
  told(fine + "[[faults]]\nkind = \"loss\"\nloss = \"0%\"\nfor = \"1s\"\n", 7, "needs 'loss', above 0");
  told(fine + "[[faults]]\nkind = \"join\"\ncount = 0\n", 7, "needs 'count', above 0");
  told(fine + "[[faults]]\nkind = \"crash\"\nfor = \"1s\"\nwho = \"publisher\"\n", 8, "publisher");
  told(fine + "[[faults]]\nkind = \"pause\"\nat = \"10s\"\nfor = \"5s\"\n", 8, "must be well");
  told(fine + "[[faults]]\nkind = \"kill\"\nat = \"13s\"\n", 7, "must be well");
  for (const char* kind : {"kill", "leave", "nat-rebind", "clock-jump", "join"})
    told(fine + "[[faults]]\nby = \"1s\"\ncount = 1\nfor = \"1s\"\nkind = \"" + kind + "\"\n", 8, "takes no 'for'");
  for (const char* key : {"loss = \"1%\"", "rate = \"50%\"", "by = \"1s\"", "bytes = 600", "count = 1"})
    told(fine + "[[faults]]\nkind = \"pause\"\nfor = \"1s\"\n" + key + "\n", 8, "takes no '");
  const std::string cut = "[[faults]]\nkind = \"partition\"\nfor = \"3s\"\nat = ";
  const std::string three = cut + "\"1s\"\n" + cut + "\"2s\"\n" + cut + "\"3s\"\n";
  told(fine + three + cut + "\"4s\"\n", 20, "3 partitions");
  read(fine + three + cut + "\"4001ms\"\n");
}

}  // namespace spate::sim
