// Asking for what is missing: whom, and how much at once.
//
// First the nearest of those that give us other stripes is asked, which has it by another way; who was often asked in
// vain of late counts as farther. Then the stripe's own parent, and the rest, the publisher last; and again. What was
// asked for in vain is asked of the next two at once (Gaps). Requests have a budget, and wait while the upload limit is
// overdrawn.
#pragma once

#include "libcore/swarm/children.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Requests {
 public:
  struct House {
    Outbox& outbox;
    Peers& peers;
    const Children& children;
    Reception& reception;
    const Parents& parents;
    TokenBucket& upload;
  };

  explicit Requests(const House& house) : house_(house) {}

  // Asks for what is due, as far as the budget goes.
  void send(Instant now);

 private:
  // So many a second, or an eighth of the stream's shards if that is more, and all of those stripes whose paths lose
  // much.
  static constexpr std::uint64_t kPerSecond = 48;
  static constexpr std::uint64_t kBurst = 32;

  std::optional<RepairTarget> whom_to_ask(std::uint64_t sequence, unsigned turns) const;
  Duration cost(const Peer& peer) const;

  House house_;
  TokenBucket left_{kPerSecond, kBurst};
};

}  // namespace spate::swarm
