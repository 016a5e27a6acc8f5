// spate and the baselines of libcore/sim/schemes over the same world, next to each other: --scheme.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libcore/sim/schemes/scheme.h"
#include "tools/simulate/arguments.h"
#include "tools/simulate/outcome.h"

namespace spate::tools {

struct Scheme {
  std::string name;
  std::optional<sim::SchemeName> baseline;  // nothing: the real nodes
};
// What --scheme says, in that order, each once. Throws ToolError(kUsage).
std::vector<Scheme> parse_schemes(const std::string& text);
// Whether a baseline was asked for, or spate beside one.
bool compares(const SimulateOptions& options);

// What is left of one scheme's run.
struct SchemeOutcome {
  std::string name;
  bool baseline = false;
  sim::RunResult result;
  WideHistogram lag;
  nlohmann::ordered_json json;
};
SchemeOutcome scheme_outcome(const Scheme& scheme, const Outcome& outcome);

// `scenario` is its name. REQUIRES an outcome, here and below.
std::string to_table(const std::string& scenario, std::span<const SchemeOutcome> outcomes);
nlohmann::ordered_json to_json(std::span<const SchemeOutcome> outcomes);
// Throws ToolError(kRuntime).
void write_report(const std::string& path, const std::string& scenario, const std::string& command,
                  std::span<const SchemeOutcome> outcomes);

}  // namespace spate::tools
