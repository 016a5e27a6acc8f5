// What spate-simulate is told on its command line, in the environment and in a configuration file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libcore/base/time.h"
#include "tools/options.h"

namespace spate::tools {

// Empty or 0: not said.
struct SimulateOptions {
  std::string scenario;
  std::string replay;
  std::string rtt;
  std::string compare_map;
  std::string places;
  std::string seeds;
  std::string resume;
  std::string shrink;
  std::string csv;
  std::string report;
  std::string crypto;
  std::string scheme;
  std::string churn;
  std::string seed;
  std::optional<Duration> warm_up;
  int peers = 0;
  int seconds = 0;
  int jobs = 0;
  std::uint64_t rate_bps = 0;
  bool list = false;
  bool swarm = false;
  bool write = false;
  bool json = false;
  bool table = false;
};

void add_options(CommandLine& line, SimulateOptions& options);

// What cannot be, and what cannot go together. Throws ToolError(kUsage).
void check(const SimulateOptions& options);

// The options that change the scenario, as "--peers and --seconds".
std::string changes_of(const SimulateOptions& options);

// What --seed says, if it does.
std::optional<std::uint64_t> seed_of(const SimulateOptions& options);

// What was asked for, wherever it was said, as one line for a shell; without what only says how many runs there are and
// where results go.
std::string command_of(const CLI::App& app, const SimulateOptions& options, std::uint64_t seed);
// A word of such a line.
std::string for_shell(const std::string& word);

}  // namespace spate::tools
