// What had been sent, received and written until one moment: all that is counted on only. The figures of a run are the
// difference between its end and the end of its warm-up.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/node/stats.h"

namespace spate::sim {

class World;

struct HostTally {
  std::uint64_t wire_bytes_sent = 0;
  Duration stayed{};
};

struct Tally {
  std::vector<HostTally> hosts;
  std::uint64_t wire_bytes_sent = 0;  // by all of them
  node::SentBytes sent;               // as the nodes divide it
  std::uint64_t duplicate_bytes = 0;  // of relays as well; what follows is of viewers, as their nodes count it
  std::uint64_t repaired_packets = 0;
  std::uint64_t duplicate_packets = 0;
  std::uint64_t forged_packets = 0;
  std::uint64_t parent_switches = 0;
  std::uint64_t stream_bytes_delivered = 0;

  // REQUIRES that `before` is of the same world and not later.
  Tally& operator-=(const Tally& before);
};

Tally tally(World& world);

}  // namespace spate::sim
