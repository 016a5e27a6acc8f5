// spate-simulate: runs a swarm of the real nodes on a virtual network and clock, and prints what came of it.
#include <chrono>
#include <cmath>
#include <iostream>
#include <set>
#include <string>

#include "libcore/io/units.h"
#include "libcore/sim/world.h"
#include "tools/common.h"
#include "tools/options.h"
#include "tools/simulate_csv.h"
#include "tools/simulate_json.h"
#include "tools/simulate_progress.h"
#include "tools/simulate_report.h"
#include "tools/simulate_table.h"

namespace spate::tools {
namespace {

// Beside those of exit_code.h.
constexpr int kSafetyBroken = 8;
constexpr int kLivenessBroken = 9;

struct SimulateOptions {
  sim::RunConfig run;
  int peers = 50;
  int seconds = 30;
  int children = -1;
  bool json = false;
  bool table = false;
  std::string csv;
  std::string report;
};

void add_share(CommandLine& line, const std::string& name, std::uint32_t& ppm, const std::string& help) {
  const auto read = [&ppm](const std::string& text) {
    std::size_t used = 0;
    double percent = -1;
    try {
      percent = std::stod(text, &used);
    } catch (const std::exception&) {
    }
    const bool zero = text == "0";
    if (!(percent >= 0 && percent <= 100) || (text.substr(used) != "%" && !zero))
      throw CLI::ValidationError("'" + text + "' is not a share like 1% or 0.2%");
    ppm = static_cast<std::uint32_t>(std::lround(percent * 1e4));
  };
  line.app().add_option_function<std::string>(name, read, help)->type_name("SHARE");
}

void add_options(CommandLine& line, SimulateOptions& options) {
  sim::RunConfig& run = options.run;
  line.add_count("--peers", options.peers, 2, 100'000, "How many hosts: a publisher and its viewers (50)");
  line.add_count("--seconds", options.seconds, 1, 86'400, "How long the publisher publishes (30)");
  line.app().add_option("--seed", run.seed, "What all chance is drawn from (1)")->type_name("N");
  line.add_bit_rate("--rate", run.rate_bps, "Of the stream (4M)");
  line.add_count("--children", options.children, 1, 1'000, "Every host serves at most N (publisher 8, viewers 4)");
  add_share(line, "--loss", run.loss_ppm, "Half on the sender's uplink, half on the receiver's downlink (0)");
  line.add_duration("--loss-burst", run.loss_burst, "How long loss lasts, on average; 0: single packets (5ms)");
  line.add_duration("--jitter", run.jitter, "On average, exponential, reordering (0)");
  line.add_duration("--delay-min", run.delay_min, "One way between the nearest hosts (5ms)");
  line.add_duration("--delay-max", run.delay_max, "One way between the farthest hosts (80ms)");
  line.add_bit_rate("--uplink", run.up_bps, "Of each viewer; 0: without limit (50M)");
  line.add_bit_rate("--upload-limit", run.upload_limit_bps, "That viewers are told to keep to (no limit)");
  line.add_bit_rate("--downlink", run.down_bps, "Of each host; 0: without limit (100M)");
  line.add_bit_rate("--publisher-uplink", run.publisher_up_bps, "0: without limit (100M)");
  const auto latency = [&run](const std::string& text) {
    const auto duration = io::parse_duration(text);
    if (text != "auto" && !duration) throw CLI::ValidationError("'" + text + "' is neither auto nor a duration");
    run.latency = duration;
  };
  line.app().add_option_function<std::string>("--latency", latency, "Of playout (auto)")->type_name("auto|DUR");
  line.app().add_flag("--complete", run.rules.complete, "Every viewer must get every packet");
  line.app().add_flag("--json", options.json, "Print one JSON object on one line");
  line.app().add_flag("--table", options.table, "Print a table for people (the default)");
  line.add_text("--csv", options.csv, "DIR", "Write distributions and time series there");
  line.add_text("--report", options.report, "FILE", "Write a page to look at, HTML; needs gnuplot");
  line.app().footer(
      line.app().get_footer() +
      "\nExit codes: 0 all well, 1 the run failed, 2 usage, 8 safety: a viewer wrote something wrong or a\n"
      "datagram was too large, 9 liveness: a viewer did not play, or not to the end.");
}

std::string for_shell(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// What was asked for, wherever it was said, as one line for a shell; without what only says where results go.
std::string command_of(const CLI::App& app, std::uint64_t seed) {
  const std::set<std::string> left_out = {"help", "version", "config", "verbose", "json", "table", "csv", "report"};
  std::string command = "spate-simulate --seed " + std::to_string(seed);
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (left_out.count(name) > 0 || name == "seed") continue;
    command += " --" + name;
    if (option->get_items_expected_max() > 0) command += " " + for_shell(option->results().back());
  }
  return command;
}

std::string purpose_of(const sim::RunConfig& run) {
  return "A stream of " + io::format_bit_rate(static_cast<double>(run.rate_bps)) + " to " +
         std::to_string(run.peers - 1) + " viewers, uplinks of " +
         (run.up_bps > 0 ? io::format_bit_rate(static_cast<double>(run.up_bps)) : std::string("any rate")) + ".";
}

void check(const SimulateOptions& options) {
  if (options.run.rate_bps < 10'000 || options.run.rate_bps > 1'000'000'000)
    throw ToolError(kUsage, "--rate must be 10k to 1G");
  if (options.run.delay_min > options.run.delay_max) throw ToolError(kUsage, "--delay-min is above --delay-max");
  if (options.json && options.table) throw ToolError(kUsage, "--json or --table, not both");
  // Before the run: it may take long.
  if (!options.csv.empty()) prepare_csv(options.csv);
  if (!options.report.empty()) prepare_report(options.report);
}

int simulate(int argc, char** argv) {
  SimulateOptions options;
  CommandLine line("spate-simulate", "Run a swarm on a virtual network and clock.");
  add_options(line, options);
  if (const auto code = line.parse(argc, argv)) return *code;
  sim::RunConfig& run = options.run;
  run.peers = static_cast<std::uint32_t>(options.peers);
  run.duration = std::chrono::seconds(options.seconds);
  if (options.children > 0) run.publisher_children = run.viewer_children = static_cast<std::uint16_t>(options.children);
  check(options);

  const io::Signals signals;
  const auto begin = std::chrono::steady_clock::now();
  sim::World world(run);
  Progress progress(run.duration);
  world.run_to_the_end([&] {
    progress.show(world.network().now() - Instant{}, world.network().stats().events);
    return !signals.stop_requested();
  });
  progress.erase();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const Outcome outcome{"custom",       purpose_of(run),  command_of(line.app(), run.seed),
                        world.result(), world.recorder(), wall.count()};
  if (options.json)
    std::cout << to_json(outcome).dump() << "\n";
  else
    std::cout << to_table(outcome);
  if (!std::cout.flush()) throw ToolError(kRuntime, "cannot write to standard output");
  if (!options.csv.empty()) write_csv(options.csv, outcome);
  if (!options.report.empty()) write_report(options.report, outcome);
  const sim::RunResult& result = outcome.result;
  for (const sim::Finding& finding : result.findings) std::cerr << describe(finding) << "\n";
  if (result.safety_findings > 0) return kSafetyBroken;
  return result.liveness_findings > 0 ? kLivenessBroken : kOk;
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-simulate", argc, argv, spate::tools::simulate); }
