// spate-simulate: runs a swarm of the real nodes on a virtual network and clock, and prints what came of it.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "libcore/io/format.h"
#include "libcore/io/signals.h"
#include "libcore/sim/hunt.h"
#include "libcore/sim/scenario_check.h"
#include "libcore/sim/scenario_writer.h"
#include "libcore/sim/world.h"
#include "tools/common.h"
#include "tools/options.h"
#include "tools/simulate/csv.h"
#include "tools/simulate/files.h"
#include "tools/simulate/json.h"
#include "tools/simulate/matrices.h"
#include "tools/simulate/progress.h"
#include "tools/simulate/report.h"
#include "tools/simulate/scenarios.h"
#include "tools/simulate/seeds.h"
#include "tools/simulate/table.h"

namespace spate::tools {
namespace {

constexpr int kShrinkRunsMax = 300;
// Of --swarm, where nothing else is said.
constexpr int kHuntPeers = 12;
constexpr int kHuntSeconds = 60;

struct SimulateOptions {
  std::string scenario;
  std::string replay;
  std::string rtt;
  std::string seeds;
  std::string resume;
  std::string shrink;
  std::string csv;
  std::string report;
  std::string crypto = "real";
  std::string churn;
  std::uint64_t seed = 0;
  int peers = 0;
  int seconds = 0;
  int jobs = 1;
  std::uint64_t rate_bps = 0;
  bool seed_given = false;
  bool list = false;
  bool swarm = false;
  bool write = false;
  bool json = false;
  bool table = false;
};

void add_options(CommandLine& line, SimulateOptions& options) {
  CLI::App& app = line.app();
  app.add_option("SCENARIO", options.scenario, "A name (--list) or a file.toml; nothing: the default world");
  app.add_flag("--list", options.list, "Name the shipped scenarios, one a line");
  app.add_flag("--write", options.write, "Print the scenario with every key, and run nothing");
  line.add_count("--peers", options.peers, 2, 1'000'000, "How many hosts: a publisher, relays and viewers");
  line.add_count("--seconds", options.seconds, 1, 86'400, "How long the publisher publishes");
  app.add_option("--seed", options.seed, "What all chance is drawn from")->type_name("N");
  line.add_bit_rate("--rate", options.rate_bps, "Of the stream");
  line.add_text("--churn", options.churn, "on|off", "Whether viewers come and go")->check(CLI::IsMember({"on", "off"}));
  line.add_text("--rtt", options.rtt, "FILE", "Round-trip times from a matrix, in place of the map");
  line.add_text("--crypto", options.crypto, "real|fast", "fast: keyed hashes for ciphers and signatures (real)")
      ->check(CLI::IsMember({"real", "fast"}));
  app.add_flag("--swarm", options.swarm, "Hunt: each seed draws its own network, faults and population");
  line.add_text("--seeds", options.seeds, "A..B", "Run every seed, each in a process of its own");
  line.add_count("--jobs", options.jobs, 1, 1'024, "So many seeds at a time (1)");
  line.add_text("--resume", options.resume, "FILE", "Leave out the seeds whose lines are in FILE");
  line.add_text("--shrink", options.shrink, "FILE", "Cut the first failure down to a small scenario, and write it");
  line.add_text("--replay", options.replay, "FILE", "Run a scenario that was written by --shrink");
  app.add_flag("--json", options.json, "Print one JSON object on one line");
  app.add_flag("--table", options.table, "Print a table for people (the default)");
  line.add_text("--csv", options.csv, "DIR", "Write distributions and time series there");
  line.add_text("--report", options.report, "FILE", "Write a page to look at, HTML; needs gnuplot");
  app.footer(app.get_footer() +
             "\nExit codes: 0 all well, 1 the run failed, 2 usage, 8 safety: something happened that never may,\n"
             "9 liveness: a viewer did not play when all was well, 10 a run crashed.");
}

std::string for_shell(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// What was asked for, wherever it was said, as one line for a shell; without what only says how many runs there are and
// where results go.
std::string command_of(const CLI::App& app, const SimulateOptions& options, std::uint64_t seed) {
  const std::set<std::string> left_out = {"help",   "version", "config", "verbose", "json",   "table", "csv",
                                          "report", "seeds",   "jobs",   "resume",  "shrink", "seed"};
  std::string command = "spate-simulate";
  if (!options.scenario.empty()) command += " " + for_shell(options.scenario);
  command += " --seed " + std::to_string(seed);
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (left_out.count(name) > 0) continue;
    command += " --" + name;
    if (option->get_items_expected_max() > 0) command += " " + for_shell(option->results().back());
  }
  return command;
}

void check(const SimulateOptions& options) {
  if (options.json && options.table) throw ToolError(kUsage, "--json or --table, not both");
  if (!options.replay.empty() && !options.scenario.empty())
    throw ToolError(kUsage, "--replay names the scenario already; leave out '" + options.scenario + "'");
  if (options.swarm && options.seconds > 0 && options.seconds < 10)
    throw ToolError(kUsage, "--swarm needs at least 10 seconds");
  if (options.swarm && !(options.rtt.empty() && options.churn.empty() && options.rate_bps == 0))
    throw ToolError(kUsage, "--swarm draws rate, churn and map; leave out --rate, --churn and --rtt");
  if (options.swarm && !(options.scenario.empty() && options.replay.empty()))
    throw ToolError(kUsage, "--swarm draws its scenarios; leave out the one named");
  if (options.rate_bps != 0 && (options.rate_bps < 10'000 || options.rate_bps > 1'000'000'000))
    throw ToolError(kUsage, "--rate must be 10k to 1G");
  if (!options.seeds.empty() && options.seed_given) throw ToolError(kUsage, "--seed or --seeds, not both");
  if (!options.seeds.empty() && !(options.csv.empty() && options.report.empty()))
    throw ToolError(kUsage, "--csv and --report are of one run; use --seed");
  if (!options.seeds.empty() && options.write) throw ToolError(kUsage, "--write prints one scenario; use --seed");
  if (options.seeds.empty() && !options.resume.empty()) throw ToolError(kUsage, "--resume needs --seeds");
  // Before the run: it may take long.
  if (!options.csv.empty()) prepare_csv(options.csv);
  if (!options.report.empty()) prepare_report(options.report);
}

sim::Scenario scenario_for(const SimulateOptions& options, std::optional<std::uint64_t> seed) {
  if (options.swarm) {
    const int peers = options.peers > 0 ? options.peers : kHuntPeers;
    const int seconds = options.seconds > 0 ? options.seconds : kHuntSeconds;
    return sim::draw_scenario(seed.value_or(1), static_cast<std::uint32_t>(peers), std::chrono::seconds(seconds));
  }
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
  if (!options.rtt.empty()) scenario.map.kind = sim::MapSpec::Kind::kMatrix;
  if (scenario.map.kind == sim::MapSpec::Kind::kMatrix && options.rtt.empty())
    throw ToolError(kUsage, "this scenario's map is a matrix; give it with --rtt FILE");
  if (const auto error = sim::check_scenario(scenario)) throw ToolError(kUsage, error->what);
  return scenario;
}

int exit_code_of(const sim::RunResult& result) {
  if (result.safety_findings > 0) return kSafetyBroken;
  return result.liveness_findings > 0 ? kLivenessBroken : kOk;
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
    const sim::Scenario scenario =
        scenario_for(options_, options_.seed_given ? std::optional(options_.seed) : std::nullopt);
    if (options_.write) {
      write_stdout(sim::format_scenario(scenario));
      return kOk;
    }
    const io::Signals signals;
    const auto begin = std::chrono::steady_clock::now();
    sim::World world(scenario, run_);
    Progress progress(scenario.duration);
    world.run_to_the_end([&] {
      progress.show(world.network().now() - Instant{}, world.network().stats().events);
      return !signals.stop_requested();
    });
    progress.erase();
    const Outcome outcome = outcome_of(world, begin);
    write_stdout(options_.json ? to_json(outcome).dump() + "\n" : to_table(outcome));
    if (!options_.csv.empty()) write_csv(options_.csv, outcome);
    if (!options_.report.empty()) write_report(options_.report, outcome);
    for (const sim::Finding& finding : outcome.result.findings) std::cerr << describe(finding) << "\n";
    const int code = exit_code_of(outcome.result);
    if (code != kOk && !options_.shrink.empty() && !outcome.result.interrupted) shrink_to_file(scenario, code);
    return code;
  }

  int run_seeds() {
    const SeedRange seeds = parse_seeds(options_.seeds);
    scenario_for(options_, seeds.first);  // a mistake is told once, before any run
    const std::set<std::uint64_t> done = seeds_done();
    const io::Signals signals;
    int worst = kOk;
    std::uint64_t runs = 0;
    std::uint64_t failures = 0;
    const auto body = [&](std::uint64_t seed, std::string& line) {
      return run_quietly(seed, done.contains(seed), line);
    };
    const auto take = [&](const SeedResult& result) {
      if (done.contains(result.seed)) return;
      ++runs;
      if (options_.json && !result.line.empty()) write_stdout(result.line);
      if (result.exit_code == kOk) return;
      ++failures;
      report_failure(result);
      if (worst == kOk && !options_.shrink.empty() && result.exit_code != kCrashed)
        shrink_to_file(scenario_for(options_, result.seed), result.exit_code);
      worst = more_serious(worst, result.exit_code);
    };
    for_each_seed(seeds, options_.jobs, body, take, [&] { return signals.stop_requested(); });
    if (signals.stop_requested()) std::cerr << "interrupted after " << runs << " seeds of " << options_.seeds << "\n";
    if (!options_.json)
      write_stdout(std::to_string(runs) + " seeds, " + std::to_string(failures) +
                   (failures == 1 ? " failure\n" : " failures\n"));
    return worst;
  }

 private:
  Outcome outcome_of(sim::World& world, std::chrono::steady_clock::time_point begin) const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const sim::Scenario& scenario = world.scenario();
    return {scenario.name,  scenario.purpose, command_of(app_, options_, scenario.seed),
            world.result(), world.recorder(), wall.count()};
  }

  // In a process of its own. The line is the JSON, with what went wrong in it.
  int run_quietly(std::uint64_t seed, bool skip, std::string& line) {
    if (skip) return kOk;
    const auto begin = std::chrono::steady_clock::now();
    sim::World world(scenario_for(options_, seed), run_);
    world.run_to_the_end();
    const Outcome outcome = outcome_of(world, begin);
    line = to_json(outcome).dump() + "\n";
    return exit_code_of(outcome.result);
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

  std::set<std::uint64_t> seeds_done() const {
    std::set<std::uint64_t> done;
    if (options_.resume.empty()) return done;
    std::ifstream file(options_.resume);
    if (!file) throw ToolError(kUsage, options_.resume + ": cannot be read");
    for (std::string line; std::getline(file, line);) {
      const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_object() && json.contains("seed") && json["seed"].is_number_unsigned())
        done.insert(json["seed"].get<std::uint64_t>());
    }
    return done;
  }

  // Fails in the same way: another trouble would be another story.
  void shrink_to_file(const sim::Scenario& scenario, int code) const {
    const auto fails = [&](const sim::Scenario& candidate) { return exit_code_of(sim::run(candidate, run_)) == code; };
    std::cerr << "shrinking, at most " << kShrinkRunsMax << " runs\n";
    sim::Scenario smallest = sim::shrink(scenario, fails, kShrinkRunsMax);
    smallest.name = scenario.name + "-shrunk";
    write_file(options_.shrink, sim::format_scenario(smallest));
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

// So that a script can tell our bugs from a viewer that starved.
void exit_when_crashing() {
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, [](int) { ::_exit(kCrashed); });
}

int simulate(int argc, char** argv) {
  SimulateOptions options;
  CommandLine line("spate-simulate", "Run a swarm on a virtual network and clock.");
  add_options(line, options);
  if (const auto code = line.parse(argc, argv)) return *code;
  options.seed_given = line.app().count("--seed") > 0;
  check(options);
  exit_when_crashing();
  if (options.list) {
    std::string text;
    for (const ScenarioEntry& entry : list_scenarios()) text += entry.name + "  " + entry.purpose + "\n";
    write_stdout(text);
    return kOk;
  }
  Simulation simulation(options, line.app());
  return options.seeds.empty() ? simulation.run_one() : simulation.run_seeds();
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-simulate", argc, argv, spate::tools::simulate); }
