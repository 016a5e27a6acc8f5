#include "libcore/swarm/children/admission.h"

#include <tuple>

namespace spate::swarm {

StripeMask Admission::grant(session::SessionId session, const wire::Subscribe& request, StripeMask wanted,
                            Instant now) {
  StripeMask granted = 0;
  for_each_stripe(wanted, [&](unsigned stripe) {
    // Its own share is not taken from the table until it is granted.
    const bool passes_on = branches(request.home, request.slots, stripe, table_.striping()) >= kBranchesMin;
    const Slots::Room room = slots_.room();
    const bool has_room =
        count(granted) < room.free && slots_.has_room(stripe, room) && (passes_on || !kept(stripe, room));
    if (has_room || displace(stripe, session, request, now)) granted |= bit(stripe);
  });
  return granted;
}

// What matters least of all that is sent: any stripe, or, where each must be had by somebody, that one, or one that two
// have if nobody has that one. Of equals one that is not ours to pass on.
std::optional<Admission::Held> Admission::least(unsigned stripe, std::optional<session::SessionId> by) const {
  std::optional<Held> least;
  const auto order = [&](const Held& h) {
    const bool passes_on = h.branches >= kBranchesMin;
    return std::tuple(passes_on, passes_on && h.stripe != stripe, h.branches, (table_.home() & bit(h.stripe)) != 0,
                      h.stripe != stripe);
  };
  const StripeMask among = !table_.everywhere()        ? table_.striping().mask()
                           : table_.nobody_has(stripe) ? table_.had_twice()
                                                       : bit(stripe);
  for (Child& c : table_) {
    if (c.session == by) continue;
    for_each_stripe(c.stripes & among, [&](unsigned s) {
      // Whoever is here already is not doubted for claiming much (relays do, and have it), and is at home in what it
      // passes on: its own children would move with it.
      const Held held{branches(c.passes_on & bit(s), c.slots, s, table_.striping()), &c, s};
      if (!least || order(held) < order(*least)) least = held;
    });
  }
  return least;
}

bool Admission::kept(unsigned stripe, const Slots::Room& room) const {
  return room.reserved() && !table_.nobody_has(stripe);
}

std::optional<unsigned> Admission::needed(unsigned stripe, const std::optional<Held>& least) const {
  if (!least) return std::nullopt;
  if (table_.nobody_has(stripe)) return 0;
  if (least->branches < kBranchesMin) return kBranchesMin;
  // Between two that pass it on it takes much more.
  if (least->stripe == stripe) return 2 * least->branches;
  return std::nullopt;
}

Admission::Places Admission::places() const {
  const Slots::Room room = slots_.room();
  Places places;
  for (unsigned stripe = 0; stripe < table_.striping().all(); ++stripe) places.push_back(place(stripe, room));
  return places;
}

std::uint8_t Admission::place(unsigned stripe, const Slots::Room& room) const {
  if (slots_.has_room(stripe, room)) return kept(stripe, room) ? kBranchesMin : 0;
  const auto branches = needed(stripe, least(stripe, std::nullopt));
  return branches && *branches < wire::kPlaceNone ? static_cast<std::uint8_t>(*branches) : wire::kPlaceNone;
}

bool Admission::displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now) {
  const std::optional<Held> held = least(stripe, by);
  const std::optional<unsigned> needs = needed(stripe, held);
  if (!needs || branches(request.home, request.slots, stripe, table_.striping()) < *needs) return false;
  end(*held->child, held->stripe, request.slots > 0 ? std::optional(by) : std::nullopt, now);
  return true;
}

void Admission::end(Child& child, unsigned stripe, std::optional<session::SessionId> by, Instant now) {
  child.stripes &= ~bit(stripe);
  child.ending |= bit(stripe);
  child.ending_at = now + kDisplacedFor;
  displaced_.push_back({child.session, bit(stripe), by});
}

}  // namespace spate::swarm
