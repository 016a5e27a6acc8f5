// What children are told unasked: our status each second, and at once when the stream or its way to us changes; the
// publisher's word when it is new, and again and again once the run has ended.
#pragma once

#include <algorithm>

#include "libcore/swarm/children.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/own_status.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class Bulletin {
 public:
  struct House {
    Outbox& outbox;
    Peers& peers;
    const Children& children;
    const OwnStatus& own;
    Parents* parents;  // nullptr: we are the publisher
  };

  Bulletin(const House& house, Instant now) : house_(house), status_at_(now) {}

  // What they must know before anything else goes out: who has the stream, and by which way.
  void tell_changes(Instant now);
  void tell_info();
  // The run has ended, which they must all come to know.
  void repeat_info(Instant now);
  // Another has begun, and is told of like any.
  void begin_run() { info_again_ = kNever; }

  void handle_deadline(Instant now);
  Instant next_deadline() const { return std::min(status_at_, info_again_); }

 private:
  void tell_status(StripeMask stripes, Instant now);

  House house_;
  bool told_receiving_ = false;  // what they were last told
  Instant status_at_;
  unsigned statuses_ = 0;
  Instant info_again_ = kNever;
};

}  // namespace spate::swarm
