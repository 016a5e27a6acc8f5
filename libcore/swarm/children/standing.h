// How much it matters to others that a child has a stripe. Where there is no room the higher standing takes the place
// of a lower one, so that what is short is short for those that nobody depends on.
//
// It is by the child's own word, which costs it nothing. So for each of the stripes that it says it passes on no more
// slots are believed than the fairly large have: who claims every stripe counts little in each, and who claims one
// takes one place.
#pragma once

#include <algorithm>

#include "libcore/swarm/stripes.h"

namespace spate::swarm {

enum Standing : unsigned {
  kTakesOnly = 0,    // it passes on little (or the stripe is parity)
  kContributes = 1,  // it passes on other stripes, half the stream at least
  kPassesOn = 2,     // it passes on this one
};
// Half of the stream at least, as far as its slots go.
inline bool contributes(unsigned slots, const Striping& striping) { return 2 * slots >= striping.data; }

inline Standing standing(StripeMask passes_on, unsigned slots, unsigned stripe, const Striping& striping) {
  static constexpr unsigned kPassesOnSlots = 2;
  if ((passes_on & bit(stripe)) != 0 && slots >= kPassesOnSlots) return kPassesOn;
  return stripe < striping.data && contributes(slots, striping) ? kContributes : kTakesOnly;
}

// Of two that pass a stripe on, whose matters more: how many of its slots may be for that stripe.
inline unsigned branches(StripeMask passes_on, unsigned slots, const Striping& striping) {
  static constexpr unsigned kBelieved = 256;
  return std::min(slots, kBelieved / std::max(1u, count(passes_on & striping.mask())));
}

}  // namespace spate::swarm
