// Whom a watcher knows beside those that it takes from and serves: near ones, for they make the best parents, and some
// others, so that no part of the swarm becomes an island: kNear + kOthers in all, however large the swarm is.
//
// The near are found through the near: who names somebody says how far it is (wire::PeerRecord::round_trip_ms), and by
// the two round trips together we are at most that far from it, as a rule. Whom we have met we judge by what we have
// measured ourselves (Peer::distance). Those who are many of one network are no near ones, and of the others those stay
// that we have known for longest, so that strangers, however many and near they seem, displace nobody for long.
//
// Who parts says so, and is not called again for a while. A relay parts from nobody: others may have it from the link.
#pragma once

#include <cstddef>
#include <vector>

#include "libcore/session/endpoint.h"
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
  static constexpr std::size_t kFew = 20;  // who knows fewer asks everybody for names

  struct House {
    const session::Endpoint& endpoint;
    Outbox& outbox;
    Peers& peers;
    const Children& children;
    const Parents& parents;
    Candidates& candidates;
    Dials& dials;
  };

  Acquaintances(bool relay, const House& house) : relay_(relay), house_(house) {}

  // To be called once a second or so: asks one for others, calls one, parts from those who are too many.
  void renew(Instant now);

 private:
  struct Known {
    std::vector<Peer*> near;    // at most kNear, the nearest first
    std::vector<Peer*> others;  // known for longest first
  };

  Known look() const;
  void ask_for_names(const std::vector<Peer*>& near, Instant now);
  void meet(const std::vector<Peer*>& near, Instant now);
  void part(const Known& known, Instant now);
  bool is_idle(const Peer& peer, Instant now) const;

  const bool relay_;
  House house_;
  unsigned turn_ = 0;
  unsigned asked_ = 0;
};

}  // namespace spate::swarm
