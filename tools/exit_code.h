// What the tools end with; spate(7), "EXIT STATUS".
#pragma once

#include <stdexcept>
#include <string>

namespace spate::tools {

enum ExitCode : int {
  kOk = 0,
  kRuntime = 1,
  kUsage = 2,
  kForced = 3,  // a second signal; see io/signals.h
  kUnreachable = 4,
  kRefused = 5,  // a key or secret that does not fit, an old run
  kStalled = 6,
  kBelowThreshold = 7,
  // spate-simulate only.
  kSafetyBroken = 8,
  kLivenessBroken = 9,
  kCrashed = 10,
};

// Ends a tool before it runs: one line that a person can act on, and the exit code.
struct ToolError : std::runtime_error {
  ToolError(ExitCode exit_code, const std::string& message) : std::runtime_error(message), code(exit_code) {}
  ExitCode code;
};

}  // namespace spate::tools
