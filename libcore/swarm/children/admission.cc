#include "libcore/swarm/children/admission.h"

#include <tuple>

namespace spate::swarm {

StripeMask Admission::grant(session::SessionId session, const wire::Subscribe& request, StripeMask wanted,
                            Instant now) {
  StripeMask granted = 0;
  for_each_stripe(wanted, [&](unsigned stripe) {
    // Its own share is not taken from the table until it is granted.
    const unsigned so_far = count(granted);
    const bool has_room = so_far < slots_.room().free;
    const bool may_have = request.hosts_only
                              ? grant_of_share(stripe, so_far, has_room, session, now)
                              : (has_room && is_open(stripe, request)) || displace(stripe, session, request, now);
    if (may_have) granted |= bit(stripe);
  });
  return granted;
}

// Is what is free for who asks for it so?
bool Admission::is_open(unsigned stripe, const wire::Subscribe& request) const {
  const Slots::Room room = slots_.room();
  const bool passes_on = branches(request.home, request.slots, stripe, table_.striping()) >= kBranchesMin;
  return slots_.has_room(stripe, room) && (passes_on || !kept(stripe, room));
}

bool Admission::within_share(unsigned more) const {
  return kHostsOnlyShare * (table_.used_by_hosts_only() + more) <= slots_.all();
}

// To somebody who has nobody but the link's hosts, beside so many that it was granted just now. What somebody must have
// is left with somebody who may pass it on.
bool Admission::grant_of_share(unsigned stripe, unsigned so_far, bool has_room, session::SessionId by, Instant now) {
  if (!within_share(so_far + 1)) return has_room && is_open(stripe, {});
  if (has_room) return true;
  const StripeMask spare = table_.everywhere() ? table_.had_twice() : table_.striping().mask();
  const std::optional<Held> held = least(spare, stripe, by);
  if (held) end(*held->child, held->stripe, std::nullopt, now);
  return held.has_value();
}

// Any stripe, or, where each must be had by somebody, that one, or one that two have if nobody has that one.
StripeMask Admission::in_place_of(unsigned stripe) const {
  if (!table_.everywhere()) return table_.striping().mask();
  return table_.nobody_has(stripe) ? table_.had_twice() : bit(stripe);
}

// What matters least of all that is sent. Of equals one that is not ours to pass on.
std::optional<Admission::Held> Admission::least(StripeMask among, unsigned stripe,
                                                std::optional<session::SessionId> by) const {
  std::optional<Held> least;
  const auto order = [&](const Held& h) {
    const bool passes_on = h.branches >= kBranchesMin;
    return std::tuple(passes_on, passes_on && h.stripe != stripe, h.branches, (table_.home() & bit(h.stripe)) != 0,
                      h.stripe != stripe);
  };
  const bool share_kept = within_share(0);
  for (Child& c : table_) {
    if (c.session == by || (c.hosts_only && share_kept)) continue;
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
  const auto branches = needed(stripe, least(in_place_of(stripe), stripe, std::nullopt));
  return branches && *branches < wire::kPlaceNone ? static_cast<std::uint8_t>(*branches) : wire::kPlaceNone;
}

bool Admission::displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now) {
  const std::optional<Held> held = least(in_place_of(stripe), stripe, by);
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
