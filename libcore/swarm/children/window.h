// How many shards may be on the way to a child that has most of the stream from us: as many as its socket holds, and
// what the path itself holds. So a joiner that catches up is not sent everything at once.
#pragma once

#include <cstdint>

#include "libcore/swarm/children/child.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class Window {
 public:
  Window(Peers& peers, const StreamRate& rate) : peers_(peers), rate_(rate) {}

  std::uint64_t shards(const Child& child) const;

 private:
  Peers& peers_;
  const StreamRate& rate_;
};

}  // namespace spate::swarm
