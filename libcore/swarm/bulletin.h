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
  static constexpr Duration kChangesInterval = std::chrono::milliseconds(100);

  struct House {
    Outbox& outbox;
    Peers& peers;
    const Children& children;
    const OwnStatus& own;
    Parents* parents;  // nullptr: we are the publisher
  };

  Bulletin(const House& house, Instant now) : house_(house), status_at_(now) {}

  // What they must know before anything else goes out: who has the stream, and by which way. A way that changes again
  // and again, as somebody above us may make it, is told ten times at once, then once in kChangesInterval.
  void tell_changes(Instant now);
  void tell_info();
  // The run has ended, which they must all come to know.
  void repeat_info(Instant now);
  // Another has begun, and is told of like any.
  void begin_run() { info_again_ = kNever; }

  void handle_deadline(Instant now);
  Instant next_deadline() const {
    const bool waits = changed_ != 0 && house_.children.size() > 0;
    return std::min({status_at_, info_again_, waits ? changes_again_ : kNever});
  }

 private:
  void tell_status(StripeMask stripes, Instant now);

  House house_;
  bool told_receiving_ = false;  // what they were last told
  StripeMask changed_ = 0;       // and what has changed since
  Instant changes_again_{};
  Instant status_at_;
  unsigned statuses_ = 0;
  Instant info_again_ = kNever;
};

}  // namespace spate::swarm
