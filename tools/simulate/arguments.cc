#include "tools/simulate/arguments.h"

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "tools/simulate/comparison.h"
#include "tools/simulate/seeds.h"

namespace spate::tools {

void add_options(CommandLine& line, SimulateOptions& options) {
  CLI::App& app = line.app();
  app.add_option("SCENARIO", options.scenario, "A name (--list) or a file.toml; nothing: the default world");
  app.add_flag("--list", options.list, "Name the shipped scenarios, one a line");
  app.add_flag("--write", options.write, "Print the scenario with every key, and run nothing");
  line.add_count("--peers", options.peers, 2, 1'000'000, "How many hosts: a publisher, relays and viewers");
  line.add_count("--seconds", options.seconds, 1, 86'400, "How long the publisher publishes");
  line.add_duration(
      "--warm-up", [&options](Duration warm_up) { options.warm_up = warm_up; },
      "Figures are measured from then on only");
  line.add_text("--seed", options.seed, "N", "What all chance is drawn from");
  line.add_bit_rate("--rate", options.rate_bps, "Of the stream");
  line.add_text("--churn", options.churn, "on|off", "Whether viewers come and go")->check(CLI::IsMember({"on", "off"}));
  line.add_text("--rtt", options.rtt, "FILE", "Round-trip times from a matrix, in place of the map");
  line.add_text("--compare-map", options.compare_map, "FILE", "Compare the built-in world with a matrix; run nothing");
  line.add_text("--places", options.places, "FILE", "Where the rows of that matrix are");
  line.add_text("--crypto", options.crypto, "real|fast", "fast: keyed hashes for all cryptography (real)")
      ->check(CLI::IsMember({"real", "fast"}));
  line.add_text("--scheme", options.scheme, "NAME[,NAME...]|all",
                "Compare spate with baselines: single-tree, pull-mesh, random-push (spate)");
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
  app.footer(
      app.get_footer() +
      "\nExit codes: 0 all well, 1 the run failed, 2 usage, 3 ended at once by a second signal, 8 safety: something\n"
      "happened that never may, 9 liveness: a viewer did not play when all was well, 10 a run crashed.");
}

// Who reads a file and writes to it would lose it.
void check_files(const SimulateOptions& options) {
  for (const auto& [name, written] : {std::pair("--shrink", options.shrink), std::pair("--report", options.report)}) {
    for (const std::string& read : {options.scenario, options.replay, options.rtt, options.resume}) {
      std::error_code error;
      if (!written.empty() && !read.empty() && std::filesystem::equivalent(written, read, error))
        throw ToolError(kUsage, name + (" would overwrite " + read) + ", which is read: name another file");
    }
  }
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
  if (!options.seeds.empty() && !options.seed.empty()) throw ToolError(kUsage, "--seed or --seeds, not both");
  if (!options.seeds.empty() && !(options.csv.empty() && options.report.empty()))
    throw ToolError(kUsage, "--csv and --report are of one run; use --seed");
  if (!options.seeds.empty() && options.write) throw ToolError(kUsage, "--write prints one scenario; use --seed");
  if (options.seeds.empty() && !options.resume.empty()) throw ToolError(kUsage, "--resume needs --seeds");
  if (options.compare_map.empty() && !options.places.empty()) throw ToolError(kUsage, "--places needs --compare-map");
  const bool given = options.peers > 0 || options.warm_up || options.seconds > 0 || options.jobs > 0 ||
                     options.rate_bps > 0 || !options.seed.empty() || !options.churn.empty() ||
                     !options.crypto.empty() || !options.scheme.empty();
  const bool runs = given || options.swarm || options.list || options.write || !options.scenario.empty() ||
                    !options.replay.empty() || !options.rtt.empty() || !options.seeds.empty() ||
                    !options.shrink.empty() || !options.csv.empty() || !options.report.empty();
  if (!options.compare_map.empty() && runs)
    throw ToolError(kUsage, "--compare-map runs nothing: it goes with --places, --json and --table only");
  if (compares(options) && (options.swarm || options.write || !options.seeds.empty() || !options.shrink.empty() ||
                            !options.replay.empty() || !options.csv.empty() || !options.compare_map.empty()))
    throw ToolError(kUsage,
                    "--scheme with a baseline is one comparison: it does not go with --swarm, --seeds, "
                    "--shrink, --replay, --csv, --write and --compare-map");
  if (options.seeds.empty() && options.jobs > 0) throw ToolError(kUsage, "--jobs needs --seeds");
  seed_of(options);
  check_files(options);
}

std::string changes_of(const SimulateOptions& options) {
  std::string changes;
  for (const auto& [name, given] :
       {std::pair("--peers", options.peers > 0), std::pair("--seconds", options.seconds > 0),
        std::pair("--warm-up", options.warm_up.has_value()), std::pair("--rate", options.rate_bps > 0),
        std::pair("--rtt", !options.rtt.empty()), std::pair("--churn", !options.churn.empty())})
    if (given) changes += (changes.empty() ? "" : " and ") + std::string(name);
  return changes;
}

std::optional<std::uint64_t> seed_of(const SimulateOptions& options) {
  if (options.seed.empty()) return std::nullopt;
  const std::optional<std::uint64_t> seed = parse_seed(options.seed);
  if (!seed)
    throw ToolError(kUsage, "--seed: '" + options.seed + "' is not a whole number from 0 to 9223372036854775807");
  return seed;
}

std::string for_shell(const std::string& word) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

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

}  // namespace spate::tools
