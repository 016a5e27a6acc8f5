#include "libcore/swarm/acquaintances.h"

#include <algorithm>
#include <tuple>

namespace spate::swarm {
namespace {

constexpr unsigned kNamesEvery = 2;                       // turns
constexpr std::size_t kAsked = 8;                         // the nearest are asked, each in its turn
constexpr Duration kNewcomer = std::chrono::seconds(10);  // it may be about to take something from us

}  // namespace

void Acquaintances::renew(Instant now) {
  ++turn_;
  const std::vector<Peer*> near = by_distance();
  if (turn_ % kNamesEvery == 0) ask_for_names(near, now);
  if (house_.dials.none()) meet(near, now);
  if (!relay_) part(near, now);
}

// Those whose round trip is known, the nearest first.
std::vector<Peer*> Acquaintances::by_distance() const {
  std::vector<Peer*> near;
  for (auto& [session, peer] : house_.peers.all())
    if (peer.rtt.known()) near.push_back(&peer);
  std::sort(near.begin(), near.end(), [](const Peer* a, const Peer* b) {
    return std::tuple(a->rtt.least(), a->session) < std::tuple(b->rtt.least(), b->session);
  });
  return near;
}

void Acquaintances::ask_for_names(const std::vector<Peer*>& near, Instant now) {
  if (near.empty()) return;
  Peer& asked = *near[turn_ / kNamesEvery % std::min(near.size(), kAsked)];
  if (!asked.pinned) house_.peers.inquire(asked, house_.parents.all(), now);  // the link's hosts have the whole swarm
}

// Who is thought to be nearer than the kNear that we know; as long as we know few, every other time anybody.
void Acquaintances::meet(const std::vector<Peer*>& near, Instant now) {
  if (turn_ % 2 == 0 && house_.peers.all().size() < Dials::kPeersKept) {
    house_.dials.dial_for(house_.parents.all(), 1, now);
    if (!house_.dials.none()) return;
  }
  const Duration bound = near.size() < kNear ? Duration::max() : near[kNear - 1]->rtt.least();
  const Candidate* const candidate = house_.candidates.nearest(
      now, [&](const Candidate& c) { return c.round_trip < bound && !house_.peers.has_key(c.key); });
  if (candidate != nullptr) house_.dials.dial(*candidate, now);
}

// Of those that are not near, others are kept by everybody, or what is known of far parts would be the same everywhere.
void Acquaintances::part(const std::vector<Peer*>& near, Instant now) {
  std::vector<const Peer*> idle;
  for (const Peer* const peer : near)
    if (!peer->pinned && now - peer->met >= kNewcomer && !house_.children.has(peer->session) &&
        !house_.parents.knows(peer->session))
      idle.push_back(peer);
  if (idle.size() <= kNear + kOthers) return;
  std::sort(idle.begin() + kNear, idle.end(),
            [&](const Peer* a, const Peer* b) { return (a->short_id ^ self_) < (b->short_id ^ self_); });
  for (auto it = idle.begin() + kNear + kOthers; it != idle.end(); ++it) {
    const session::SessionId session = (*it)->session;
    house_.candidates.on_measured((*it)->key, (*it)->rtt.least());
    house_.outbox.send(session, wire::Bye{wire::ByeReason::kDisplaced});
    house_.outbox.close(session);
    house_.peers.remove(session);
  }
}

}  // namespace spate::swarm
