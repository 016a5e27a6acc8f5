// One run of a scenario, and what comes of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

enum class Crypto : std::uint8_t {
  kReal,
  kFast,  // fast_suite.h
};

struct RunOptions {
  Crypto crypto = Crypto::kReal;
};

struct Quantiles {
  Duration p50{};
  Duration p90{};
  Duration p95{};
  Duration p99{};
  Duration p999{};
  Duration max{};
};

// Shares are of 1.
struct RunResult {
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::string crypto;         // which suite: "real" or "fast"
  std::uint32_t peers = 0;    // that were ever there
  double resource_index = 0;  // uplinks of all who would serve over what all viewers need
  Duration simulated{};

  // Lag is over (viewer, write), from a frame's being due at the publisher to its being written; frames due before a
  // viewer was accepted fill its start and have none.
  Quantiles lag;
  Quantiles lag_estimate_error;  // of the nodes' own idea of the lag, from the reading of the frame
  Quantiles startup;             // over viewers: from the command to join to the first write
  Quantiles join;                // over viewers: from the command to join to a parent's acceptance
  // Share of packets written: of those with a lag and those missed, within that lag; of all since each viewer's first,
  // ever.
  double delivered_by_500ms = 0;
  double delivered_by_1s = 0;
  double delivered_ever = 0;
  double continuity = 0;  // share of frames since each viewer's first that were whole

  std::uint64_t stream_bytes_delivered = 0;
  std::uint64_t lost_packets = 0;  // shards, as the nodes count them
  std::uint64_t repaired_packets = 0;
  std::uint64_t duplicate_packets = 0;
  std::uint64_t forged_packets = 0;
  std::uint64_t parent_switches = 0;
  std::uint32_t depth_max = 0;
  // Bytes on the wire with IP and UDP headers, over stream bytes delivered.
  double overhead_total = 0;      // all of them, less the stream itself
  double overhead_headers = 0;    // IP, UDP and data datagram headers and tags
  double publisher_upload_x = 0;  // the publisher's bytes on the wire over the stream's own
  Duration input_held_max{};

  NetworkStats network;
  std::uint64_t safety_findings = 0;
  std::uint64_t liveness_findings = 0;
  std::vector<Finding> findings;  // the first of them
};

// The whole of it: everybody joins, the faults come and go, the input ends after `duration`, the viewers drain, the
// checkers judge.
RunResult run(const Scenario& scenario, const RunOptions& options);

}  // namespace spate::sim
