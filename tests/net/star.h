// The emulated network: hosts that are TUN devices in namespaces, and the packets in flight between them.
//
// A packet leaves through its host's uplink, is delayed or lost by the path to the host it is addressed to, and
// comes out of that host's device. Every packet read is counted once: delivered, lost, or dropped for a reason.
#pragma once

#include <poll.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "libcore/base/histogram.h"
#include "tests/net/link_model.h"

namespace spate::netem {

struct HostConfig {
  std::string netns;
  std::uint32_t address;  // IPv4, host byte order
  unsigned prefix_length;
  std::uint64_t uplink_bps;  // 0: no limit
};

struct NetworkConfig {
  PathConfig path;  // of every pair of hosts
  std::uint64_t queue_bytes = 256'000;
  std::uint64_t seed = 1;
};

class Star {
 public:
  // Throws std::runtime_error when a device cannot be made.
  Star(const std::vector<HostConfig>& hosts, const NetworkConfig& config);

  // Until `end` (monotonic nanoseconds) or until `stop` is set by a signal that only `mask_while_waiting` lets in.
  void run(std::int64_t end, const volatile std::sig_atomic_t& stop, const sigset_t& mask_while_waiting);

  // One line of JSON.
  void print() const;

 private:
  struct Host {
    std::uint32_t address;
    Uplink uplink;
    std::vector<Path> paths;  // to every host, by index
  };
  struct Flight {
    std::int64_t due;
    std::uint64_t order;  // breaks ties: equal delays keep packets in order
    std::size_t to;
    std::vector<std::uint8_t> packet;
    bool operator>(const Flight& other) const { return due != other.due ? due > other.due : order > other.order; }
  };
  struct Counts {
    std::uint64_t received = 0;
    std::uint64_t delivered = 0;
    std::uint64_t lost = 0;
    std::uint64_t queue_full = 0;
    std::uint64_t unroutable = 0;  // IPv6, multicast, unknown addresses: not part of this network, so not received
    std::uint64_t overflow = 0;    // more in flight than we hold: the result is not to be trusted
    std::uint64_t write_failed = 0;
  };

  std::int64_t deliver_due(std::int64_t now);  // returns when the next packet is due
  void read_from(std::size_t host);
  void on_packet(std::size_t from, std::size_t size, std::int64_t now);
  std::size_t destination(std::size_t size) const;

  std::vector<Host> hosts_;
  std::vector<pollfd> pollfds_;  // by host
  std::priority_queue<Flight, std::vector<Flight>, std::greater<>> in_flight_;
  std::array<std::uint8_t, 1500> buffer_{};  // the packet just read
  std::uint64_t order_ = 0;
  Counts counts_;
  Histogram lateness_;  // how long after it was due a packet was out
};

}  // namespace spate::netem
