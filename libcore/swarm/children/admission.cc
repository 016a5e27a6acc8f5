#include "libcore/swarm/children/admission.h"

#include <tuple>

namespace spate::swarm {

StripeMask Admission::grant(session::SessionId session, const wire::Subscribe& request, StripeMask wanted,
                            Instant now) {
  StripeMask granted = 0;
  for_each_stripe(wanted, [&](unsigned stripe) {
    // Its own share is not taken from the table until it is granted.
    const bool passes_on = standing(request.home, request.slots, stripe, table_.striping()) == kPassesOn;
    const bool room = count(granted) < slots_.free() && slots_.room_for(stripe, request.guest || passes_on) &&
                      (passes_on || !slots_.reserved());
    if (room || displace(stripe, session, request, now)) granted |= bit(stripe);
  });
  return granted;
}

// What matters least of all that is sent: any stripe, or, where each must be had by somebody, that one, or one that two
// have if nobody has that one. Of equals one that is not ours to pass on.
std::optional<Admission::Held> Admission::least(unsigned stripe, std::optional<session::SessionId> by) const {
  std::optional<Held> least;
  const auto order = [&](const Held& h) {
    return std::tuple(h.standing, h.standing == kPassesOn && h.stripe != stripe, h.branches,
                      (table_.home() & bit(h.stripe)) != 0, h.stripe != stripe);
  };
  const StripeMask among = !table_.everywhere()        ? table_.striping().mask()
                           : table_.nobody_has(stripe) ? table_.had_twice()
                                                       : bit(stripe);
  for (Child& c : table_) {
    if (c.session == by) continue;
    for_each_stripe(c.stripes & among, [&](unsigned s) {
      const Standing worth = standing(c.passes_on, c.slots, s, table_.striping());
      // Whoever is here already is not doubted for claiming much: relays do, and have it.
      const Held held{worth, worth == kPassesOn ? branches(bit(s), c.slots, table_.striping()) : 0u, &c, s};
      if (!least || order(held) < order(*least)) least = held;
    });
  }
  return least;
}

StripeMask Admission::yields_to(unsigned standing) const {
  StripeMask yields = 0;
  for_each_stripe(table_.striping().mask(), [&](unsigned stripe) {
    const auto held = least(stripe, std::nullopt);
    const bool kept = standing == kPassesOn && slots_.reserved() && slots_.room_for(stripe, true);
    if (kept || (held && (held->standing < standing || table_.nobody_has(stripe)))) yields |= bit(stripe);
  });
  return yields;
}

bool Admission::displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now) {
  const Standing worth = standing(request.home, request.slots, stripe, table_.striping());
  const std::optional<Held> held = least(stripe, by);
  if (!held) return false;
  // Between two that pass it on it takes much more.
  const bool much_more = worth == kPassesOn && held->stripe == stripe &&
                         2 * held->branches <= branches(request.home, request.slots, table_.striping());
  if (!table_.nobody_has(stripe) && (held->standing > worth || (held->standing == worth && !much_more))) return false;
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
