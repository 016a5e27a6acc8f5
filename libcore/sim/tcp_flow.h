// One direction of a TCP connection between two hosts, as far as the datagrams on it feel it (network_tcp.cc).
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "libcore/base/buffer.h"
#include "libcore/base/fifo.h"
#include "libcore/base/time.h"
#include "libcore/sim/event_queue.h"

namespace spate::sim {

struct TcpFlow {
  // That are under way, not yet handed over; more waits at the sender.
  static constexpr std::size_t kWindowBytes = 256 * 1024;
  // What waits longer, or is more, is dropped, the oldest first: as io::TcpConnection does it.
  static constexpr Duration kQueueAgeMax = std::chrono::milliseconds(500);
  static constexpr std::size_t kQueueDatagramsMax = 700;
  // What has not arrived by then ends the connection.
  static constexpr Duration kGiveUp = std::chrono::seconds(10);

  struct Waiting {
    Buffer bytes;
    Instant since;
  };

  std::uint64_t sent = 0;    // segments, each of which is one datagram
  std::uint64_t handed = 0;  // over, in order
  std::size_t under_way_bytes = 0;
  std::map<std::uint64_t, Buffer> early;  // arrived, behind one that has not
  Fifo<Waiting> waiting;
};

struct TcpPipe {
  HostId caller = 0;
  HostId called = 0;
  Instant opens{};                    // the handshake is over; nothing leaves before
  std::array<TcpFlow, 2> flows = {};  // from the caller, to the caller
};

struct TcpSegment {
  Buffer bytes;
  std::uint64_t pipe = 0;
  std::uint64_t number = 0;  // of its flow
  Instant since;             // when it first left
  bool to_caller = false;
};

}  // namespace spate::sim
