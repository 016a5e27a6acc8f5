// Whom a watcher knows beside those that it takes from and serves: kNear near ones, for they make the best parents, and
// kOthers anywhere, so that no part of the swarm becomes an island. State does not grow with the swarm.
//
// The near are found through the near: who knows somebody says how far it is (wire::PeerRecord::round_trip_ms), and by
// the two round trips together we are at most that far from it, as a rule. Once we know better, we go by what we
// measured. A relay parts from nobody: others may have it from the link, and would call again at once.
#pragma once

#include <cstddef>
#include <vector>

#include "libcore/swarm/candidates.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/dials.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class Acquaintances {
 public:
  static constexpr std::size_t kNear = 32;
  static constexpr std::size_t kOthers = 16;

  struct House {
    Outbox& outbox;
    Peers& peers;
    const Children& children;
    const Parents& parents;
    Candidates& candidates;
    Dials& dials;
  };

  Acquaintances(wire::ShortId self, bool relay, const House& house) : self_(self), relay_(relay), house_(house) {}

  // To be called once a second or so: asks one for others, calls one, parts from those who are too many.
  void renew(Instant now);

 private:
  std::vector<Peer*> by_distance() const;
  void ask_for_names(const std::vector<Peer*>& near, Instant now);
  void meet(const std::vector<Peer*>& near, Instant now);
  void part(const std::vector<Peer*>& near, Instant now);

  const wire::ShortId self_;
  const bool relay_;
  House house_;
  unsigned turn_ = 0;
};

}  // namespace spate::swarm
