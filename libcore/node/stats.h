// Counters and gauges, for stats lines, tests and the simulator's reports. Counters never go back.
#pragma once

#include <cstdint>

#include "libcore/swarm/fill.h"
#include "libcore/swarm/stats.h"

namespace spate::node {

using swarm::Fill;
using swarm::Fills;
using swarm::LagSummary;
using swarm::SentBytes;
using swarm::StreamStats;

struct NodeStats {
  std::uint64_t wire_bytes_sent = 0;  // UDP payload and 28 (IPv4) or 48 (IPv6) bytes of headers a datagram
  std::uint64_t wire_bytes_received = 0;
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_dropped = 0;  // malformed, unauthentic, replayed or for nobody
  std::uint32_t sessions = 0;
  std::uint32_t half_open = 0;
  std::uint64_t evicted = 0;  // sessions that gave way to newcomers
};

}  // namespace spate::node
