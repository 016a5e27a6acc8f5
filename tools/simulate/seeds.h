// Many seeds, each in a process of its own: a run that crashes is a result like any other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace spate::tools {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

// A whole number that a scenario could have as well; nothing if it is something else.
std::optional<std::uint64_t> parse_seed(std::string_view text);

// "A..B", or "A". Throws ToolError(kUsage).
SeedRange parse_seeds(const std::string& text);

struct SeedResult {
  std::uint64_t seed = 0;
  int exit_code = 0;  // kCrashed if it was ended by a signal
  std::string line;   // what it printed
};

// Runs `body` for every seed that is not to be left out, at most `jobs` at a time, and hands over the results in the
// order of the seeds. `body` returns the exit code and leaves its line in the argument; it runs in a child process.
// When `stop`, which is asked several times a second, says so, what still runs is killed.
void for_each_seed(const SeedRange& seeds, int jobs, const std::function<int(std::uint64_t, std::string&)>& body,
                   const std::function<void(const SeedResult&)>& take, const std::function<bool()>& stop,
                   const std::function<bool(std::uint64_t)>& left_out = {});

}  // namespace spate::tools
