// Getting to know others while all is well, and changing to them where a stripe comes much sooner through them.
//
// Once in a while everybody is asked how it is, each in its turn, and one of them for others. A few stripes at a time
// change their parents, those that gain most; each then rests, longer each time.
#pragma once

#include <algorithm>
#include <vector>

#include "libcore/swarm/acquaintances.h"
#include "libcore/swarm/media_clock.h"
#include "libcore/swarm/offers.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/wants.h"

namespace spate::swarm {

class Exploring {
 public:
  struct House {
    Peers& peers;
    const Reception& reception;
    Parents& parents;
    const MediaClock& clock;
    const Wants& wants;
    Acquaintances& acquaintances;
    const Offers& offers;
  };

  explicit Exploring(const House& house) : house_(house) {}

  // A run begins: nothing has been improved in it.
  void begin_run(const Striping& striping) { improvements_.assign(striping.all(), {}); }
  // There is one, who may be improved upon.
  void on_parent(Instant now) { at_ = std::min(at_, now + kInterval); }

  void handle_deadline(Instant now);
  Instant next_deadline() const { return at_; }

 private:
  static constexpr Duration kInterval = std::chrono::seconds(1);
  struct Improvement {
    Instant not_before{};
    int doublings = 0;
  };

  void inquire_in_turn(Instant now);
  void improve(Instant now);

  House house_;
  Instant at_ = kNever;
  session::SessionId last_{};                 // that was inquired in its turn
  std::vector<Improvement> improvements_{1};  // by stripe
};

}  // namespace spate::swarm
