// Whether the run is over, for us and for those we serve, or a swarm that cannot be reached is given up.
//
// Who has everything stays until its children have, too, but not for ever: as long as they make progress, or the
// publisher would wait for them.
#pragma once

#include <deque>
#include <optional>

#include "libcore/swarm/children.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/member.h"
#include "libcore/swarm/publisher.h"
#include "libcore/swarm/reception.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Ending {
 public:
  struct House {
    const Children& children;
    const std::deque<Event>& events;
    const Publisher* publisher;  // or, of a member:
    Reception* reception;
    const Member* member;
  };
  struct End {
    StopReason reason;
    wire::ByeReason bye;
  };

  explicit Ending(const House& house) : house_(house) {}

  void begin_run() { patience_ = kNever; }
  // The publisher's word is that the run has ended; what is still missing is waited for from the first time on.
  void on_ended(Instant now);
  // How it ends, if it does now. What has been waited for long enough is given up.
  std::optional<End> judge(Instant now);

 private:
  bool member_done(Instant now);

  House house_;
  Instant patience_ = kNever;  // until then what is missing may come
};

}  // namespace spate::swarm
