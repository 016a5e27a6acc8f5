// The parity of a block, for those that have its stripe: it is sent when the block's data have been. Bounded.
#pragma once

#include <span>

#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class ParityQueue {
 public:
  ParityQueue(ChildTable& table, const stream::Store& store, Sender& sender)
      : table_(table), store_(store), sender_(sender) {}

  // These parity shards have entered the store's blocks.
  void on_parity(std::span<const stream::ParityId> parity);
  bool due(const Child& child) const;
  // The first that waits (REQUIRES due()). False if the batch filled up.
  bool send(Child& child, Outgoing& out);

 private:
  ChildTable& table_;
  const stream::Store& store_;
  Sender& sender_;
};

}  // namespace spate::swarm
