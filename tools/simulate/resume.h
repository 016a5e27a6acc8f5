// What seeds came to in an earlier call: the lines of --json that it printed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace spate::tools {

// What was run, so that what was done can be told from something else.
struct RunIdentity {
  std::string scenario;  // its name
  std::string crypto;
};

// The exit code of each seed in the file, as it was. Lines that are no run's are passed over: the last may be cut
// short. Throws ToolError(kUsage) if the file cannot be read or has a run of something else than `expected` says.
std::map<std::uint64_t, int> read_done(const std::string& path,
                                       const std::function<RunIdentity(std::uint64_t seed)>& expected);

}  // namespace spate::tools
