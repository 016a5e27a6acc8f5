// What seeds came to in an earlier call: the lines of --json that it printed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "libcore/sim/run.h"

namespace spate::tools {

// What was run, so that what was done can be told from something else.
struct RunIdentity {
  std::string scenario;       // its name
  std::string scenario_hash;  // of all that it says except the seed, and of the matrix
  std::string crypto;
};
RunIdentity identity_of(const sim::Scenario& scenario, const sim::RunOptions& options);

struct Done {
  std::map<std::uint64_t, int> seeds;  // the exit code of each, as it was
  bool line_is_open = false;           // the file does not end with the end of a line
};

// What the file says. Lines that are no run's are passed over: the last may be cut short. Throws ToolError(kUsage) if
// the file cannot be read or has a run of something else than `expected` says.
Done read_done(const std::string& path, const std::function<RunIdentity(std::uint64_t seed)>& expected);

}  // namespace spate::tools
