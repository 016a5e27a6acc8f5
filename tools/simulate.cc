// spate-simulate: runs a swarm of the real nodes on a virtual network and clock, and prints what came of it.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcore/io/format.h"
#include "libcore/io/signals.h"
#include "libcore/sim/hunt.h"
#include "libcore/sim/scenario_check.h"
#include "libcore/sim/scenario_writer.h"
#include "libcore/sim/schemes/stage.h"
#include "libcore/sim/world.h"
#include "tools/common.h"
#include "tools/simulate/arguments.h"
#include "tools/simulate/comparison.h"
#include "tools/simulate/csv.h"
#include "tools/simulate/files.h"
#include "tools/simulate/json.h"
#include "tools/simulate/map_report.h"
#include "tools/simulate/matrices.h"
#include "tools/simulate/progress.h"
#include "tools/simulate/report.h"
#include "tools/simulate/resume.h"
#include "tools/simulate/scenarios.h"
#include "tools/simulate/seeds.h"
#include "tools/simulate/shrinking.h"
#include "tools/simulate/table.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

// Of --swarm, where nothing else is said.
constexpr int kHuntPeers = 12;
constexpr int kHuntSeconds = 60;

sim::Scenario hunt_for(const SimulateOptions& options, std::optional<std::uint64_t> seed) {
  const int peers = options.peers > 0 ? options.peers : kHuntPeers;
  const int seconds = options.seconds > 0 ? options.seconds : kHuntSeconds;
  return sim::draw_scenario(seed.value_or(1), static_cast<std::uint32_t>(peers), std::chrono::seconds(seconds));
}

sim::Scenario named_for(const SimulateOptions& options, std::optional<std::uint64_t> seed) {
  const std::string& file = options.replay.empty() ? options.scenario : options.replay;
  sim::Scenario scenario = file.empty() ? sim::default_scenario() : load_scenario(file);
  if (seed) scenario.seed = *seed;
  if (options.peers > 0) scenario.peers = static_cast<std::uint32_t>(options.peers);
  if (options.rate_bps > 0) scenario.stream.rate_bps = options.rate_bps;
  if (!options.churn.empty()) scenario.churn.on = options.churn == "on";
  if (options.seconds > 0) {
    scenario.duration = std::chrono::seconds(options.seconds);
    scenario.calm = std::min(scenario.calm, scenario.duration / 2);
    scenario.arrivals.within = std::min(scenario.arrivals.within, scenario.duration / 2);
  }
  if (!options.rtt.empty()) {
    scenario.map = {};
    scenario.map.kind = sim::MapSpec::Kind::kMatrix;
  }
  if (scenario.map.kind == sim::MapSpec::Kind::kMatrix && options.rtt.empty())
    throw ToolError(kUsage, "this scenario's map is a matrix; give it with --rtt FILE");
  return scenario;
}

sim::Scenario scenario_for(const SimulateOptions& options, std::optional<std::uint64_t> seed) {
  sim::Scenario scenario = options.swarm ? hunt_for(options, seed) : named_for(options, seed);
  if (options.warm_up) scenario.warm_up = *options.warm_up;
  // A file is well by itself, or was refused when it was read.
  if (const auto wrong = sim::check_scenario(scenario)) {
    const std::string changes = changes_of(options);
    throw ToolError(kUsage, (changes.empty() ? "" : "with " + changes + ": ") + wrong->what);
  }
  return scenario;
}

// The command that is running, for whoever sees it crash.
char crash_message[4'096];

void tell_if_crashing(const std::string& command) {
  std::snprintf(crash_message, sizeof crash_message, "crashed\n  %s\n", command.c_str());
}

// Where it is not told otherwise: processes of --seeds and of --shrink.
void tell_nothing_if_crashing() { crash_message[0] = '\0'; }

// So that a script can tell our bugs from a viewer that starved.
void exit_when_crashing() {
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, [](int) {
      // Nothing can be done about a failure to write.
      [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, crash_message, std::strlen(crash_message));
      ::_exit(kCrashed);
    });
}

class Simulation {
 public:
  Simulation(const SimulateOptions& options, const CLI::App& app) : options_(options), app_(app) {
    run_.crypto = options.crypto == "fast" ? sim::Crypto::kFast : sim::Crypto::kReal;
    if (options.rtt.empty()) return;
    matrix_ = load_matrix(options.rtt);
    run_.matrix = &*matrix_;
  }

  int run_one() {
    const sim::Scenario scenario = scenario_for(options_, seed_of(options_));
    if (options_.write) {
      write_stdout(sim::format_scenario(scenario));
      return kOk;
    }
    const io::Signals signals;
    const std::string again = command_of(app_, options_, scenario.seed);
    tell_if_crashing(again);
    sim::World world(scenario, run_);
    const Outcome outcome = run_to_the_end(world, scenario, signals);
    tell_nothing_if_crashing();
    write_stdout(options_.json ? to_json(outcome).dump() + "\n" : to_table(outcome));
    if (!options_.csv.empty()) write_csv(options_.csv, outcome);
    if (!options_.report.empty()) write_report(options_.report, outcome);
    const int code = tell_findings(outcome);
    if (code != kOk && !outcome.result.interrupted) shrink_to_file(scenario, code, signals);
    return code;
  }

  // Several schemes, one after the other.
  int compare() {
    const sim::Scenario scenario = scenario_for(options_, seed_of(options_));
    if (const auto why = sim::unfit_for_baselines(scenario))
      throw ToolError(kUsage, "'" + scenario.name + "' cannot be run with --scheme " + options_.scheme + ": " + *why);
    const io::Signals signals;
    std::vector<SchemeOutcome> outcomes;
    int code = kOk;
    for (const Scheme& scheme : parse_schemes(options_.scheme)) {
      if (signals.stop_requested() && !outcomes.empty()) break;
      if (scheme.baseline) {
        sim::Stage stage(*scheme.baseline, scenario, run_);
        outcomes.push_back(scheme_outcome(scheme, run_to_the_end(stage, scenario, signals)));
        continue;
      }
      sim::World world(scenario, run_);
      const Outcome outcome = run_to_the_end(world, scenario, signals);
      code = tell_findings(outcome);
      outcomes.push_back(scheme_outcome(scheme, outcome));
    }
    write_stdout(options_.json ? to_json(outcomes).dump() + "\n" : to_table(scenario.name, outcomes));
    if (!options_.report.empty())
      write_report(options_.report, scenario.name, command_of(app_, options_, scenario.seed), outcomes);
    return code;
  }

  int run_seeds() {
    const SeedRange seeds = parse_seeds(options_.seeds);
    const sim::Scenario first = scenario_for(options_, seeds.first);  // a mistake is told once, before any run
    const Done before = done_before(seeds, first);
    const std::map<std::uint64_t, int>& done = before.seeds;
    bool line_is_open = before.line_is_open;
    const io::Signals signals;
    CountProgress progress("seed", seeds.last - seeds.first + 1 - done.size());
    std::optional<SeedResult> first_failure;
    int worst = kOk;
    std::uint64_t runs = 0;
    std::uint64_t failures = 0;
    const auto take = [&](const SeedResult& result) {
      progress.erase();
      progress.done();
      ++runs;
      // What is printed is likely to be appended to what is resumed.
      if (options_.json && !result.line.empty())
        write_stdout((std::exchange(line_is_open, false) ? "\n" : "") + result.line);
      if (result.exit_code == kOk) return;
      progress.failed();
      ++failures;
      report_failure(result);
      if (!first_failure) first_failure = result;
      worst = more_serious(worst, result.exit_code);
    };
    const auto stop = [&] {
      progress.show();
      return signals.stop_requested();
    };
    for_each_seed(
        seeds, std::max(1, options_.jobs),
        [this](std::uint64_t seed, std::string& line) { return run_quietly(seed, line); }, take, stop,
        [&done](std::uint64_t seed) { return done.contains(seed); });
    progress.erase();
    if (signals.stop_requested())
      std::cerr << "interrupted after " << counted(runs, "seed") << " of " << options_.seeds << "\n";
    if (!options_.json) write_stdout(counted(runs, "seed") + ", " + counted(failures, "failure") + "\n");
    if (first_failure) shrink_to_file(scenario_for(options_, first_failure->seed), first_failure->exit_code, signals);
    std::uint64_t failures_before = 0;
    for (const auto& [seed, code] : done) {
      failures_before += code == kOk ? 0 : 1;
      worst = more_serious(worst, code);
    }
    if (!options_.json && !done.empty())
      write_stdout("before: " + counted(done.size(), "seed") + ", " + counted(failures_before, "failure") + "\n");
    return worst;
  }

 private:
  // Returns the exit code that they make.
  static int tell_findings(const Outcome& outcome) {
    for (const sim::Finding& finding : outcome.result.findings) std::cerr << describe(finding) << "\n";
    if (const std::string more = unlisted(outcome.result); !more.empty()) std::cerr << more << "\n";
    const int code = exit_code_of(outcome.result.safety_findings, outcome.result.liveness_findings);
    if (code != kOk) std::cerr << "  " << outcome.command << "\n";
    return code;
  }

  // Of a world or a stage.
  template <typename Run>
  Outcome run_to_the_end(Run& run, const sim::Scenario& scenario, const io::Signals& signals) const {
    const auto begin = std::chrono::steady_clock::now();
    Progress progress(scenario.duration);
    run.run_to_the_end([&] {
      progress.show(run.network().now() - Instant{}, run.network().stats().events);
      return !signals.stop_requested();
    });
    progress.erase();
    return outcome_of(run, begin);
  }

  template <typename Run>
  Outcome outcome_of(Run& world, std::chrono::steady_clock::time_point begin) const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const sim::Scenario& scenario = world.scenario();
    return {.scenario = scenario.name,
            .scenario_hash = identity_of(scenario, run_).scenario_hash,
            .purpose = scenario.purpose,
            .command = command_of(app_, options_, scenario.seed),
            .result = world.result(),
            .recorder = world.recorder(),
            .wall_seconds = wall.count()};
  }

  // In a process of its own. The line is the JSON, with what went wrong in it.
  int run_quietly(std::uint64_t seed, std::string& line) {
    const auto begin = std::chrono::steady_clock::now();
    sim::World world(scenario_for(options_, seed), run_);
    world.run_to_the_end();
    const Outcome outcome = outcome_of(world, begin);
    line = to_json(outcome).dump() + "\n";
    return exit_code_of(outcome.result.safety_findings, outcome.result.liveness_findings);
  }

  void report_failure(const SeedResult& result) const {
    std::string what = "crashed";
    const nlohmann::json json = nlohmann::json::parse(result.line, nullptr, false);
    if (json.is_object() && json.contains("findings") && !json["findings"].empty())
      what = json["findings"][0].get<std::string>();
    std::cerr << "seed " << result.seed << ": " << what << "\n  " << command_of(app_, options_, result.seed) << "\n";
  }

  static int more_serious(int a, int b) {
    const auto rank = [](int code) { return code == kCrashed ? 3 : code == kSafetyBroken ? 2 : code == kOk ? 0 : 1; };
    return rank(b) > rank(a) ? b : a;
  }

  // Those of the range that --resume says were run, and what they ended with.
  Done done_before(const SeedRange& seeds, const sim::Scenario& first) const {
    if (options_.resume.empty()) return {};
    const RunIdentity same = identity_of(first, run_);
    Done done = read_done(options_.resume, [&](std::uint64_t seed) {
      return options_.swarm ? identity_of(scenario_for(options_, seed), run_) : same;
    });
    std::erase_if(done.seeds, [&](const auto& one) { return one.first < seeds.first || one.first > seeds.last; });
    return done;
  }

  // If it was asked for.
  void shrink_to_file(const sim::Scenario& scenario, int code, const io::Signals& signals) const {
    if (options_.shrink.empty() || signals.stop_requested()) return;
    std::cerr << "shrinking, at most " << kShrinkRunsMax << " runs\n";
    sim::Scenario smallest = shrink(scenario, run_, code, [&] { return signals.stop_requested(); });
    smallest.name = scenario.name + "-shrunk";
    write_file(options_.shrink, sim::format_scenario(smallest, sim::default_scenario()));
    std::cerr << "wrote " << options_.shrink << ": " << smallest.peers << " hosts, "
              << io::format_duration(smallest.duration) << "; run it with\n  spate-simulate --replay "
              << for_shell(options_.shrink) << (run_.crypto == sim::Crypto::kFast ? " --crypto fast" : "")
              << (options_.rtt.empty() ? "" : " --rtt " + for_shell(options_.rtt)) << "\n";
  }

  const SimulateOptions& options_;
  const CLI::App& app_;
  std::optional<sim::RttMatrix> matrix_;
  sim::RunOptions run_;
};

int simulate(int argc, char** argv) {
  SimulateOptions options;
  CommandLine line("spate-simulate", "Run a swarm on a virtual network and clock.");
  add_options(line, options);
  if (const auto code = line.parse(argc, argv)) return *code;
  check(options);
  // Before the run: it may take long.
  if (!options.csv.empty()) prepare_csv(options.csv);
  if (!options.report.empty()) prepare_report(options.report);
  if (!options.shrink.empty()) check_writable(options.shrink);
  exit_when_crashing();
  if (options.list) {
    std::string text;
    for (const ScenarioEntry& entry : list_scenarios()) text += entry.name + "  " + entry.purpose + "\n";
    write_stdout(text);
    return kOk;
  }
  if (!options.compare_map.empty()) {
    const sim::MapComparison comparison = compare_map(options.compare_map, options.places);
    write_stdout(options.json ? to_json(comparison).dump() + "\n" : to_table(comparison));
    return kOk;
  }
  Simulation simulation(options, line.app());
  if (compares(options)) return simulation.compare();
  return options.seeds.empty() ? simulation.run_one() : simulation.run_seeds();
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-simulate", argc, argv, spate::tools::simulate); }
