// One run of a scenario, and what comes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libcore/sim/findings.h"
#include "libcore/sim/matrix_delay.h"
#include "libcore/sim/network.h"
#include "libcore/sim/quantiles.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

enum class Crypto : std::uint8_t {
  kReal,
  kFast,  // fast_suite.h
};
// As --crypto and the reports say it.
inline const char* crypto_name(Crypto crypto) { return crypto == Crypto::kFast ? "fast" : "real"; }

struct RunOptions {
  Crypto crypto = Crypto::kReal;
  const RttMatrix* matrix = nullptr;  // for a map of kind kMatrix; outlives the run
};

// Bytes on the wire, with IP and UDP headers, over the stream bytes that were delivered.
struct Overhead {
  double total = 0;       // all of them, less one
  double headers = 0;     // around the stream's packets: IP, UDP, datagram headers and tags, shard headers
  double signatures = 0;  // proofs, and the datagrams with hash lists
  double parity = 0;
  double repairs = 0;     // datagrams that were asked for, less the duplicates
  double duplicates = 0;  // stream bytes that came more than once
  double control = 0;     // messages, stream information, handshakes
  // What is left: stream bytes that were sent and not written, because they were lost on the way or their receiver
  // left, less those that repairs made good.
  double rest = 0;
};

// Shares are of 1. Of what was measured, after the warm-up, are: lags, shares and lost packets, by when frames were
// due; start-ups and joins, by when viewers joined; fail-overs, by when they began; overhead, the publisher's upload,
// other packets and switches of parents, by when they were sent, written or counted. All else is of the whole run.
struct RunResult {
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::string crypto;       // crypto_name
  std::uint32_t peers = 0;  // that were ever there
  Duration simulated{};
  Duration warm_up{};  // of it

  bool interrupted = false;  // stopped before its end; then nothing is said about liveness

  // Recorder (recorder.h) defines these.
  Quantiles lag;
  std::optional<Quantiles> bound;  // the least lag that is possible
  Quantiles lag_estimate_error;    // of the nodes' own idea of the lag, from the reading of the frame
  Quantiles startup;
  Quantiles failover;
  Quantiles join;  // over viewers: from the command to join to a parent's acceptance
  // How many these are over.
  std::uint64_t startups = 0;
  std::uint64_t failovers = 0;
  std::uint64_t joins = 0;
  // Whether there is anything to tell: after a warm-up nobody may have come.
  bool tells_startup() const { return startups > 0 || warm_up == Duration::zero(); }
  bool tells_join() const { return joins > 0 || warm_up == Duration::zero(); }
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
  std::uint64_t hostile_deeds = 0;  // World::hostile_deeds()
  std::uint32_t depth_max = 0;
  Overhead overhead;
  double publisher_upload_x = 0;  // the publisher's bytes on the wire over the stream's own
  // Sum of all uplinks over what viewers need, each the stream once; nothing if one has no limit.
  std::optional<double> resource_index;
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
