// How a parent is lost, or left: everybody whom it concerns is told, and the stripes are sought again.
#pragma once

#include "libcore/swarm/attachment.h"
#include "libcore/swarm/candidates.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/media_clock.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/wants.h"

namespace spate::swarm {

class Leaving {
 public:
  // What it would not give, or gave and did not send, it is not asked for again for so long.
  static constexpr Duration kRefused = std::chrono::milliseconds(500);
  static constexpr Duration kSilentRefused = std::chrono::seconds(2);
  // What a parent sent before it knew that it is none any more is welcome for so long.
  static constexpr Duration kSendsAfter = std::chrono::seconds(2);

  struct House {
    session::Endpoint& endpoint;
    Peers& peers;
    Children& children;
    Reception& reception;
    Parents& parents;
    Candidates& candidates;
    MediaClock& clock;
    Attachment& attachment;
    Wants& wants;
  };

  explicit Leaving(const House& house) : house_(house) {}

  // These have no parent any more.
  void on_lost(StripeMask stripes, Instant now);
  // Tells a parent that these are not wanted any more.
  void leave(session::SessionId session, StripeMask stripes, Instant now);
  // Forgets a session with a peer that has stopped answering: a new one may find it restarted.
  void close(session::SessionId session, Instant now);

 private:
  House house_;
};

}  // namespace spate::swarm
