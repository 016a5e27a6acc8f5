// spate-simulate: runs a swarm of the real nodes on a virtual network and clock, and prints what came of it.
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "libcore/io/units.h"
#include "libcore/sim/run.h"
#include "tools/common.h"
#include "tools/options.h"

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
  line.app().add_flag("--json", options.json, "Print one JSON object (the default)");
  line.app().add_flag("--table", options.table, "Print a table for people instead");
  line.app().footer(
      line.app().get_footer() +
      "\nExit codes: 0 all well, 1 the run failed, 2 usage, 8 safety: a viewer wrote something wrong or a\n"
      "datagram was too large, 9 liveness: a viewer did not play, or not to the end.");
}

double milliseconds(Duration d) { return static_cast<double>(to_us(d)) / 1e3; }

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

nlohmann::ordered_json lag_json(const sim::Quantiles& lag) {
  return {{"p50", milliseconds(lag.p50)},
          {"p90", milliseconds(lag.p90)},
          {"p99", milliseconds(lag.p99)},
          {"p999", milliseconds(lag.p999)},
          {"max", milliseconds(lag.max)}};
}

nlohmann::ordered_json short_json(const sim::Quantiles& times) {
  return {{"p50", milliseconds(times.p50)}, {"p95", milliseconds(times.p95)}, {"max", milliseconds(times.max)}};
}

std::string hexadecimal(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1'024;
}

std::string describe(const sim::Finding& finding) {
  char where[64];
  std::snprintf(where, sizeof where,
                "%s: %.6f s, host %u: ", finding.rule == sim::Rule::kSafety ? "safety" : "liveness",
                to_seconds(finding.time - Instant{}), finding.host);
  return where + finding.what;
}

nlohmann::ordered_json to_json(const sim::RunResult& result, double wall_seconds) {
  const sim::NetworkStats& network = result.network;
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["seed"] = result.seed;
  json["digest"] = hexadecimal(result.digest);
  json["crypto"] = result.crypto;
  json["peers"] = result.peers;
  json["simulated_seconds"] = rounded(to_seconds(result.simulated));
  json["lag_ms"] = lag_json(result.lag);
  json["lag_estimate_error_ms"] = lag_json(result.lag_estimate_error);
  json["delivered"] = {{"by_500ms", rounded(result.delivered_by_500ms)},
                       {"by_1s", rounded(result.delivered_by_1s)},
                       {"ever", rounded(result.delivered_ever)}};
  json["continuity"] = rounded(result.continuity);
  json["startup_ms"] = short_json(result.startup);
  json["join_ms"] = short_json(result.join);
  json["lost_packets"] = result.lost_packets;
  json["repaired_packets"] = result.repaired_packets;
  json["duplicate_packets"] = result.duplicate_packets;
  json["forged_packets"] = result.forged_packets;
  json["parent_switches"] = result.parent_switches;
  json["depth_max"] = result.depth_max;
  json["overhead"] = {{"total", rounded(result.overhead.total)}, {"headers", rounded(result.overhead.headers)}};
  json["publisher_upload_x"] = rounded(result.publisher_upload_x);
  json["input_held_ms_max"] = milliseconds(result.input_held_max);
  json["datagrams"] = {{"sent", network.sent},     {"delivered", network.delivered},
                       {"lost", network.lost},     {"queue_full", network.queue_full},
                       {"nobody", network.nobody}, {"copies", network.duplicated}};
  json["events"] = network.events;
  json["events_per_second"] = std::round(static_cast<double>(network.events) / wall_seconds);
  json["bytes_per_peer"] = peak_memory_bytes() / result.peers;
  json["wall_seconds"] = std::round(wall_seconds * 1e3) / 1e3;
  json["safety_findings"] = result.safety_findings;
  json["liveness_findings"] = result.liveness_findings;
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const sim::Finding& finding : result.findings) findings.push_back(describe(finding));
  json["findings"] = findings;
  return json;
}

// The JSON's fields, one a line: `lag_ms      p50 61.2   p90 ...`.
void print_table(const nlohmann::ordered_json& json) {
  for (const auto& [name, value] : json.items()) {
    if (value.is_array()) continue;
    std::printf("%-24s", name.c_str());
    if (value.is_object())
      for (const auto& [part, figure] : value.items()) std::printf("%s %-12s", part.c_str(), figure.dump().c_str());
    else
      std::printf("%s", value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
    std::printf("\n");
  }
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
  if (run.rate_bps < 10'000 || run.rate_bps > 1'000'000'000) throw ToolError(kUsage, "--rate must be 10k to 1G");
  if (run.delay_min > run.delay_max) throw ToolError(kUsage, "--delay-min is above --delay-max");

  const auto begin = std::chrono::steady_clock::now();
  const sim::RunResult result = sim::run(run);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const nlohmann::ordered_json json = to_json(result, wall.count());
  if (options.table)
    print_table(json);
  else
    std::cout << json.dump(2) << "\n";
  for (const sim::Finding& finding : result.findings) std::cerr << describe(finding) << "\n";
  if (result.safety_findings > 0) return kSafetyBroken;
  return result.liveness_findings > 0 ? kLivenessBroken : kOk;
}

}  // namespace
}  // namespace spate::tools

int main(int argc, char** argv) { return spate::tools::run("spate-simulate", argc, argv, spate::tools::simulate); }
