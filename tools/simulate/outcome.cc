#include "tools/simulate/outcome.h"

#include <sys/resource.h>

#include <cstdio>

#include "tools/exit_code.h"

namespace spate::tools {

int exit_code_of(std::uint64_t safety_findings, std::uint64_t liveness_findings) {
  if (safety_findings > 0) return kSafetyBroken;
  return liveness_findings > 0 ? kLivenessBroken : kOk;
}

std::string describe(const sim::Finding& finding) {
  const std::string who = finding.host == sim::kWholeRun ? "" : ", host " + std::to_string(finding.host);
  char where[64];
  std::snprintf(where, sizeof where, "%s: %.6f s%s: ", finding.rule == sim::Rule::kSafety ? "safety" : "liveness",
                to_seconds(finding.time - Instant{}), who.c_str());
  return where + finding.what;
}

std::string kind_of(const sim::Finding& finding) {
  return finding.what.substr(0, finding.what.find_first_of("0123456789:"));
}

std::string unlisted(const sim::RunResult& result) {
  const std::uint64_t all = result.safety_findings + result.liveness_findings;
  return all > result.findings.size() ? "and " + std::to_string(all - result.findings.size()) + " more" : "";
}

std::string hexadecimal(std::uint64_t digest) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(digest));
  return text;
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1'024;
}

}  // namespace spate::tools
