// What each peer could do for us: whether it would give a stripe, and what that would cost.
//
// The cost is the delay, and what counts against a parent beside it: that it is not at home in the stripe, that
// somebody has to give way, that it gives us others already. Nobody makes an offer whose word is old, who has refused,
// or who has the stripe through us.
#pragma once

#include <map>
#include <optional>

#include "libcore/swarm/children.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/wants.h"

namespace spate::swarm {

struct Offer {
  Peer* peer = nullptr;  // nobody offers anything
  Duration cost{};
};

// What is about to be asked of whom.
using Plan = std::map<session::SessionId, StripeMask>;

class Offers {
 public:
  struct House {
    Peers& peers;
    const Children& children;
    const Reception& reception;
    const Parents& parents;
    const Wants& wants;
  };

  Offers(wire::ShortId self, const House& house) : self_(self), house_(house) {}

  // Of anybody but its parent.
  Offer best(unsigned stripe, const Plan& plan, Instant now) const;
  // What counts against one more stripe from a peer that gives so many.
  Duration crowding(const Peer& peer, unsigned gives) const;

 private:
  std::optional<Offer> of(Peer& peer, unsigned stripe, unsigned taken, Instant now) const;

  bool cut_off(Instant now) const;

  const wire::ShortId self_;
  House house_;
};

}  // namespace spate::swarm
