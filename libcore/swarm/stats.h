// Counters and gauges of one stream, for stats lines, tests and the simulator's reports. Counters never go back.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/time.h"

namespace spate::swarm {

struct LagSummary {
  Duration p50{};
  Duration p99{};
  Duration max{};
};

// Everything sent for one stream, in bytes on the wire with IP and UDP headers, by what it was for. Handshakes are the
// session's and not in here.
struct SentBytes {
  std::uint64_t payload = 0;     // the stream itself: shards in their turn, or late
  std::uint64_t headers = 0;     // all around that payload but the proof
  std::uint64_t signatures = 0;  // inline proofs; datagrams with hash lists that nobody asked for
  std::uint64_t parity = 0;      // datagrams with parity shards
  std::uint64_t repairs = 0;     // datagrams that were asked for
  std::uint64_t control = 0;     // datagrams with messages or stream information

  std::uint64_t total() const { return payload + headers + signatures + parity + repairs + control; }
  SentBytes& operator+=(const SentBytes& other) {
    payload += other.payload;
    headers += other.headers;
    signatures += other.signatures;
    parity += other.parity;
    repairs += other.repairs;
    control += other.control;
    return *this;
  }
};

struct StreamStats {
  std::uint64_t bytes_in =
      0;  // stream bytes read (publisher) or received or regenerated, and proven (others), each once
  std::uint64_t bytes_out = 0;            // stream bytes played (watcher) or sent to children (publisher, relay)
  std::optional<LagSummary> lag;          // since the call of stats() before this one; nothing if no shard came
  std::optional<LagSummary> lag_run;      // since the start
  std::uint64_t lost_packets = 0;         // shards that missed their deadline
  std::uint64_t passed_over_packets = 0;  // shards that output was held for until they were gone
  std::uint64_t repaired_packets = 0;     // shards that came by request
  std::uint64_t regenerated_packets = 0;  // out of parity
  std::uint64_t duplicate_packets = 0;
  std::uint64_t duplicate_bytes = 0;  // payload of the shards among them
  std::uint64_t forged_packets = 0;
  std::uint64_t malformed_packets = 0;    // control datagrams that a peer wrote wrongly
  std::uint64_t refused_addresses = 0;    // that peers told us of, at which there can be no peer
  std::uint64_t forged_records = 0;       // that peers told us of others, and these never signed
  std::uint64_t skipped_input_bytes = 0;  // publisher: not MPEG-TS
  std::uint32_t parents = 0;
  std::uint32_t children = 0;
  std::uint32_t slots = 0;       // room for children, in stripes
  std::uint32_t slots_used = 0;  // that they have
  std::uint32_t stripes = 1;     // of the run, with parity: slots that the whole stream takes
  std::uint32_t depth = 0;       // hops from the publisher
  std::uint64_t parent_switches = 0;
  Duration latency{};               // playout latency in force
  Duration rtt{};                   // to the parent
  std::optional<Duration> silence;  // since the publisher was heard last; nothing before the first time
  SentBytes sent;
};

}  // namespace spate::swarm
