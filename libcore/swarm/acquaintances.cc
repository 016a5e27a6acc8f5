#include "libcore/swarm/acquaintances.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "libcore/session/network_prefix.h"

namespace spate::swarm {
namespace {

constexpr unsigned kNew = 30;  // turns: so long we look for others more often
constexpr unsigned kNamesEvery = 3;
constexpr unsigned kNamesEveryThen = 12;
constexpr unsigned kMeetEveryThen = 5;                    // whoever names others makes us call them: 12 a minute
constexpr std::size_t kAsked = 8;                         // the nearest are asked, each in its turn
constexpr unsigned kNearOfNetwork = 4;                    // who has one address may have any number of keys
constexpr Duration kNewcomer = std::chrono::seconds(10);  // it may be about to take something from us

}  // namespace

void Acquaintances::renew(Instant now) {
  ++turn_;
  const bool is_new = turn_ < kNew;
  const Known known = look();
  if (turn_ % (is_new ? kNamesEvery : kNamesEveryThen) == 0) ask_for_names(known.near, now);
  if (house_.dials.none() && (is_new || turn_ % kMeetEveryThen == 0)) meet(known.near, now);
  if (!relay_) part(known, now);
}

// The near ones come first by their distance, the others by how long we have known them: strangers in any number
// displace nobody of these.
Acquaintances::Known Acquaintances::look() const {
  Known known;
  std::vector<Peer*> all;
  for (const auto& [session, peer] : house_.peers.all())
    if (!peer.parted) all.push_back(&peer);
  std::sort(all.begin(), all.end(), [](const Peer* a, const Peer* b) {
    return std::tuple(a->distance, a->session) < std::tuple(b->distance, b->session);
  });
  std::map<session::NetworkPrefix, unsigned> of_network;
  for (Peer* const peer : all) {
    const bool measured = peer->distance != Duration::max();
    const bool near = measured && known.near.size() < kNear &&
                      of_network[session::network_of(house_.endpoint.address(peer->session))]++ < kNearOfNetwork;
    (near ? known.near : known.others).push_back(peer);
  }
  std::stable_sort(known.others.begin(), known.others.end(),
                   [](const Peer* a, const Peer* b) { return a->met < b->met; });
  return known;
}

void Acquaintances::ask_for_names(const std::vector<Peer*>& near, Instant now) {
  if (near.empty() || house_.peers.all().size() < kFew) return;
  Peer& asked = *near[asked_++ % std::min(near.size(), kAsked)];
  if (!asked.pinned) house_.peers.inquire(asked, house_.parents.all(), now);  // the link's hosts have the whole swarm
}

// Who is thought to be nearer than the kNear that we know; as long as we know few, every other time anybody.
void Acquaintances::meet(const std::vector<Peer*>& near, Instant now) {
  if (turn_ % 2 == 0 && house_.peers.all().size() < Dials::kPeersKept) {
    house_.dials.dial_for(house_.parents.all(), 1, now);
    if (!house_.dials.none()) return;
  }
  const Duration bound = near.size() < kNear ? Duration::max() : near.back()->distance;
  const Candidate* const candidate = house_.candidates.nearest(
      now, [&](const Candidate& c) { return c.round_trip < bound && !house_.peers.has_key(c.key); });
  if (candidate != nullptr) house_.dials.dial(*candidate, now);
}

void Acquaintances::part(const Known& known, Instant now) {
  std::size_t idle = 0;
  for (const Peer* const peer : known.near) idle += is_idle(*peer, now) ? 1u : 0u;
  const std::size_t others_kept = kNear + kOthers - std::min(kNear, idle);
  std::size_t others = 0;
  for (const Peer* const peer : known.others) {
    if (!is_idle(*peer, now) || ++others <= others_kept) continue;
    const session::SessionId session = peer->session;
    house_.candidates.on_parted(peer->key, peer->distance, now);
    house_.outbox.send(session, wire::Bye{wire::ByeReason::kDisplaced});
    house_.outbox.close(session);
    house_.peers.remove(session);
  }
}

bool Acquaintances::is_idle(const Peer& peer, Instant now) const {
  return !peer.pinned && now - peer.met >= kNewcomer && !house_.children.has(peer.session) &&
         !house_.parents.knows(peer.session);
}

}  // namespace spate::swarm
