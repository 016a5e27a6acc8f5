// How much it matters to others that a child has a stripe: how many of its own slots may be for that one. Where there
// is no room, who passes on much takes the place of who passes on little, so that what is short is short for those that
// nobody depends on, and the ways are short.
//
// It is by the child's own word, which costs it nothing. So of the slots that it claims no more are believed than the
// fairly large have, shared among the stripes that it says it is at home in, and few elsewhere: who claims every stripe
// counts little in each, and who claims one much in that.
#pragma once

#include <algorithm>

#include "libcore/swarm/stripes.h"

namespace spate::swarm {

constexpr unsigned kBranchesMin = 2;  // nobody gives way to less

inline unsigned branches(StripeMask home, unsigned slots, unsigned stripe, const Striping& striping) {
  static constexpr unsigned kBelieved = 254;  // a status can tell what is more than that (wire::StripeStatus::place)
  static constexpr unsigned kElsewhere = 4;   // where it could be for any stripe
  const StripeMask homes = home & striping.mask();
  if ((homes & bit(stripe)) != 0) return std::min(slots, kBelieved / count(homes));
  return std::min(slots / kElsewhere, kBelieved / striping.all());
}

// Does it pass on half of the stream at least, as far as its slots go?
inline bool contributes(unsigned slots, const Striping& striping) { return 2 * slots >= striping.data; }

}  // namespace spate::swarm
