// A burst with nothing behind it is closed by a Head message, so that the loss of its end shows; twice on a path that
// loses. Where a hash list was sent ahead of the burst, that has told already.
#pragma once

#include "libcore/swarm/children/child.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/outbox.h"

namespace spate::swarm {

class Markers {
 public:
  Markers(const StreamRate& rate, Outbox& outbox) : rate_(rate), outbox_(outbox) {}

  // The shard has been sent in order to a child that has most of the stream.
  void on_sent(Child& child, const stream::StoredShard& shard, Instant now) const;
  void handle_deadline(Child& child, Instant now) const;
  static Instant next_deadline(const Child& child) { return child.marker.at; }

 private:
  Duration delay() const;

  const StreamRate& rate_;
  Outbox& outbox_;
};

}  // namespace spate::swarm
