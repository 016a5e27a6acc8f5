// Finding parents for what is lacking: everybody we know is asked how it is, others are called, and of those that offer
// a stripe the one is asked through whom it would come soonest.
//
// A joiner gathers offers for a moment before it asks anybody, so that it need not change at once.
#pragma once

#include "libcore/swarm/attachment.h"
#include "libcore/swarm/candidates.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/dials.h"
#include "libcore/swarm/inquiring.h"
#include "libcore/swarm/leaving.h"
#include "libcore/swarm/offers.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/wants.h"

namespace spate::swarm {

class Seeking {
 public:
  struct House {
    Peers& peers;
    Children& children;
    const Reception& reception;
    Parents& parents;
    const Candidates& candidates;
    const Attachment& attachment;
    Wants& wants;
    Leaving& leaving;
    Dials& dials;
    Inquiring& inquiring;
    const Offers& offers;
    TokenBucket& upload;
  };

  Seeking(wire::ShortId self, const House& house) : self_(self), house_(house) {}

  // Does what can be done now for what is lacking, and says in Wants when to do so again.
  void seek(Instant now);
  // Somebody has become a parent: the gathering is over.
  void on_parent() { gather_since_ = kNever; }

 private:
  void assign(Instant now);
  bool gathers(const Plan& plan, Instant now);
  bool better_may_come(Instant now) const { return house_.dials.hopeful(now) || house_.inquiring.waiting(now); }
  void choose_home();

  const wire::ShortId self_;
  House house_;
  Instant gather_since_ = kNever;
};

}  // namespace spate::swarm
