// What a host runs, as the network sees it: the call contract of node::Node without its events. A peer (peer.h)
// puts a node behind it; tests of the network put something tiny.
#pragma once

#include <optional>
#include <span>

#include "libcore/base/datagram.h"
#include "libcore/base/time.h"

namespace spate::sim {

// One moment, by the network's clock and by the host's own.
struct Moment {
  Instant now{};
  Instant local{};
};

class HostProgram {
 public:
  virtual ~HostProgram() = default;

  virtual void handle_datagrams(std::span<const Datagram> batch, Moment at) = 0;
  virtual void handle_deadline(Moment at) = 0;
  // Writes outgoing datagrams to `out`. Nothing: `out` is full, send it and poll again. Otherwise there is nothing
  // more to send now, and handle_deadline() is wanted as soon as one of the two clocks shows its time.
  virtual std::optional<Moment> poll(Moment at, DatagramBatch& out) = 0;
};

}  // namespace spate::sim
