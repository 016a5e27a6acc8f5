// All that the reports of one run are made of.
#pragma once

#include <string>

#include "libcore/sim/recorder.h"
#include "libcore/sim/run.h"

namespace spate::tools {

struct Outcome {
  std::string scenario;       // its name
  std::string scenario_hash;  // of what it says
  std::string purpose;        // one sentence; may be empty
  std::string command;        // that runs it again
  sim::RunResult result;
  const sim::Recorder& recorder;
  double wall_seconds = 0;

  bool safe() const { return result.safety_findings == 0; }
  bool alive() const { return result.liveness_findings == 0; }
};

// 0 without findings.
int exit_code_of(std::uint64_t safety_findings, std::uint64_t liveness_findings);
// "safety: 3.120000 s, host 4: ...": one line.
std::string describe(const sim::Finding& finding);
// The same of findings that differ in figures and circumstances only.
std::string kind_of(const sim::Finding& finding);
// "and 3 more", where only the first findings were kept; else nothing.
std::string unlisted(const sim::RunResult& result);
std::string hexadecimal(std::uint64_t digest);
std::uint64_t peak_memory_bytes();

}  // namespace spate::tools
