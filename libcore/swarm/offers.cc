#include "libcore/swarm/offers.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kStatusCurrent = std::chrono::seconds(15);  // older words are not acted upon
constexpr Duration kUselessCost = std::chrono::seconds(10);    // the last choice
constexpr Duration kScatter = std::chrono::milliseconds(50);
constexpr Duration kJoinScatter = std::chrono::milliseconds(4);
constexpr Duration kScatterTurn = std::chrono::milliseconds(100);
constexpr Duration kGuestCost = std::chrono::milliseconds(20);
constexpr Duration kDisplacingCost = std::chrono::milliseconds(150);  // to somebody else, who must look again
constexpr Duration kTwiceCost = std::chrono::milliseconds(20);
constexpr unsigned kStripesOfOne = 2;

}  // namespace

Offer Offers::best(unsigned stripe, bool guests, const Plan& plan, Instant now) const {
  Offer best;
  const bool attached = house_.parents.served() != 0;
  const bool in_vain = (house_.wants.stripes() & bit(stripe)) != 0 && house_.wants.in_vain(bit(stripe), now);
  const Duration scatter = in_vain ? kScatter : attached ? Duration::zero() : kJoinScatter;
  const auto turn = in_vain ? static_cast<wire::ShortId>(now.time_since_epoch() / kScatterTurn + stripe) : 0;
  for (auto& [session, peer] : house_.peers.all()) {
    if (house_.parents.parent(stripe) == session) continue;
    const auto planned = plan.find(session);
    const unsigned taken = planned == plan.end() ? 0 : count(planned->second);
    std::optional<Offer> offer = of(peer, stripe, guests, taken, now);
    if (!offer) continue;
    // What has been sought in vain is short: if everybody asked the best, nearly everybody would be refused.
    if (scatter > Duration::zero()) offer->cost += scatter * static_cast<int>((peer.short_id ^ self_ ^ turn) % 16);
    if (best.peer == nullptr || offer->cost < best.cost) best = *offer;
  }
  return best;
}

// `taken`: as many stripes we are about to ask of it.
std::optional<Offer> Offers::of(Peer& peer, unsigned stripe, bool guests, unsigned taken, Instant now) const {
  if (!peer.status || now - peer.status_at > kStatusCurrent || peer.refuses(stripe, now)) return std::nullopt;
  const wire::Status& status = *peer.status;
  if (!status.receiving || status.no_upload || (house_.children.stripes(peer.session) & bit(stripe)) != 0)
    return std::nullopt;
  const std::uint8_t lag = stripe < status.lags.size() ? status.lags[stripe] : wire::kLagNone;
  if (lag == wire::kLagNone) return std::nullopt;
  const bool open = (status.open & bit(stripe)) != 0 && status.free_slots > taken;
  // It has no room, but somebody gives way who is of less use.
  const Standing mine =
      standing(house_.children.passes_on(), house_.children.slots(), stripe, house_.reception.striping());
  const StripeMask yields = mine == kPassesOn      ? status.yields_home | status.home
                            : mine == kContributes ? status.yields
                                                   : StripeMask{0};
  const bool displaces = (yields & bit(stripe)) != 0;
  const bool guest = !open && !displaces;
  const bool full = (status.home & bit(stripe)) != 0;  // of that one
  if (guest && (!guests || full || status.free_slots <= taken)) return std::nullopt;
  const bool for_leaf = !open && displaces && mine != kPassesOn;
  if (for_leaf && taken >= kStripesOfOne) return std::nullopt;
  Duration cost = std::chrono::microseconds(lag * wire::kLagUnitUs) + peer.rtt.smoothed() / 2;
  if (guest) cost += kGuestCost;
  if (for_leaf) cost += kDisplacingCost;
  // A joiner is best served by one at once; Exploring sees to the rest.
  if (house_.parents.served() != 0) cost += crowding(peer, taken + count(house_.parents.expected_from(peer.session)));
  if (peer.useless_until > now) cost += kUselessCost;
  return Offer{&peer, cost, (status.home & bit(stripe)) == 0};
}

// One failure must not cost more than the parity can bear. Relays are there to bear it, as long as they have room.
Duration Offers::crowding(const Peer& peer, unsigned gives) const {
  if (peer.surely_serves() && peer.status->free_slots >= peer.status->slots / 2) return {};
  return gives < kStripesOfOne ? Duration{} : kTwiceCost * static_cast<int>(gives - kStripesOfOne + 1);
}

}  // namespace spate::swarm
