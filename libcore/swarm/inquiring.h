// Asking peers how they are while parents are sought.
//
// Nobody is asked whose word is fresh, or who may still answer; the link's hosts, who have the whole swarm to bear,
// seldom. One at a time is asked to name others. What has long been sought in vain is asked for slowly, and of few.
#pragma once

#include <vector>

#include "libcore/swarm/attachment.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/wants.h"

namespace spate::swarm {

class Inquiring {
 public:
  struct House {
    session::Endpoint& endpoint;
    Peers& peers;
    const Children& children;
    const Reception& reception;
    const Attachment& attachment;
    Wants& wants;
  };

  explicit Inquiring(const House& house) : house_(house) {}

  // Asks all whose turn it is. Those that have not answered for long: they are not worth their sessions.
  [[nodiscard]] std::vector<session::SessionId> ask(StripeMask lacking, Instant now);
  // Somebody was asked just now and has not answered, of whom nothing is known yet.
  bool waiting(Instant now) const;

 private:
  House house_;
  Instant named_at_{};  // when somebody was last asked to name others
};

}  // namespace spate::swarm
