#include "libcore/swarm/offers.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kStatusCurrent = std::chrono::seconds(15);  // older words are not acted upon
constexpr Duration kUselessCost = std::chrono::seconds(10);    // the last choice
constexpr Duration kScatter = std::chrono::milliseconds(50);
constexpr Duration kJoinScatter = std::chrono::milliseconds(4);
constexpr Duration kScatterTurn = std::chrono::milliseconds(100);
constexpr Duration kElsewhereCost = std::chrono::milliseconds(20);  // of whoever is not at home in it
constexpr Duration kDisplacingCost =
    std::chrono::milliseconds(40);  // of what is another's, who must look again, or kept
constexpr Duration kTwiceCost = std::chrono::milliseconds(10);
constexpr unsigned kStripesOfOne = 2;
constexpr Duration kCutOff = std::chrono::milliseconds(700);

}  // namespace

Offer Offers::best(unsigned stripe, const Plan& plan, Instant now) const {
  Offer best;
  const bool attached = house_.parents.served() != 0;
  const bool in_vain = (house_.wants.stripes() & bit(stripe)) != 0 && house_.wants.in_vain(bit(stripe), now);
  const Duration scatter = in_vain ? kScatter : attached ? Duration::zero() : kJoinScatter;
  const auto turn = in_vain ? static_cast<wire::ShortId>(now.time_since_epoch() / kScatterTurn + stripe) : 0;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (house_.parents.parent(stripe) == session) continue;
    const auto planned = plan.find(session);
    const unsigned taken = planned == plan.end() ? 0 : count(planned->second);
    std::optional<Offer> offer = of(peer, stripe, taken, now);
    if (!offer) continue;
    // What has been sought in vain is short: if everybody asked the best, nearly everybody would be refused.
    if (scatter > Duration::zero()) offer->cost += scatter * static_cast<int>((peer.short_id ^ self_ ^ turn) % 16);
    if (best.peer == nullptr || offer->cost < best.cost) best = *offer;
  }
  return best;
}

// `taken`: as many stripes we are about to ask of it.
std::optional<Offer> Offers::of(Peer& peer, unsigned stripe, unsigned taken, Instant now) const {
  if (!peer.status || now - peer.status_at > kStatusCurrent || peer.refuses(stripe, now)) return std::nullopt;
  const wire::Status& status = *peer.status;
  if (!status.receiving || status.no_upload || (house_.children.stripes(peer.session) & bit(stripe)) != 0)
    return std::nullopt;
  if (stripe >= status.stripes.size() || status.stripes[stripe].lag == wire::kLagNone) return std::nullopt;
  const auto [lag, place] = status.stripes[stripe];
  Duration cost = std::chrono::microseconds(lag * wire::kLagUnitUs) + peer.rtt.smoothed() / 2;
  if (peer.pinned && house_.peers.hosts_only())
    return Offer{&peer, cost};  // what is full for others need not be for us
  const unsigned mine = branches(house_.children.home(), house_.children.slots(), stripe, house_.reception.striping());
  if (place == wire::kPlaceNone || mine < place) return std::nullopt;
  if (place != 0 || status.free_slots <= taken) {
    // Of what is kept for us, too, we take little at a time. What is free beside it may be spoken for.
    const bool displaces = status.free_slots <= taken;
    if (taken >= kStripesOfOne || (displaces && (cut_off(now) || (place == 0 && status.free_slots != 0))))
      return std::nullopt;
    cost += kDisplacingCost;
  }
  if ((status.home & bit(stripe)) == 0) cost += kElsewhereCost;
  // A joiner is best served by one at once; Exploring sees to the rest.
  if (house_.parents.served() != 0) cost += crowding(peer, taken + count(house_.parents.expected_from(peer.session)));
  if (peer.useless_until > now) cost += kUselessCost;
  return Offer{&peer, cost};
}

// Who got something once, and gets nothing of those that it has now, would take one place after another and pass on
// nothing. It leaves them after a while, and then begins again.
bool Offers::cut_off(Instant now) const {
  const Instant last = house_.reception.last_stored();
  return house_.parents.served() != 0 && last != Instant{} && now - last >= kCutOff;
}

// One failure must not cost more than the parity can bear. Relays are there to bear it, as long as they have room.
Duration Offers::crowding(const Peer& peer, unsigned gives) const {
  if (peer.surely_serves() && peer.status->free_slots >= peer.status->slots / 2) return {};
  return gives < kStripesOfOne ? Duration{} : kTwiceCost * static_cast<int>(gives - kStripesOfOne + 1);
}

}  // namespace spate::swarm
