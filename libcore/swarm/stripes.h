// Sets of stripes, and how a run is striped: the data shard with sequence q travels on stripe q % data, parity shards
// on the stripes behind those.
#pragma once

#include <bit>
#include <cstdint>

#include "libcore/wire/control.h"

namespace spate::swarm {

using wire::StripeMask;

constexpr StripeMask bit(unsigned stripe) { return StripeMask{1} << stripe; }
constexpr unsigned count(StripeMask stripes) { return static_cast<unsigned>(std::popcount(stripes)); }
constexpr StripeMask first_stripes(unsigned n) { return n >= 64 ? ~StripeMask{0} : bit(n) - 1; }
constexpr unsigned lowest(StripeMask stripes) { return static_cast<unsigned>(std::countr_zero(stripes)); }

template <typename F>
void for_each_stripe(StripeMask stripes, F f) {
  for (; stripes != 0; stripes &= stripes - 1) f(lowest(stripes));
}

struct Striping {
  unsigned data = 1;
  unsigned parity = 0;

  unsigned all() const { return data + parity; }
  StripeMask mask() const { return first_stripes(all()); }
  unsigned of(std::uint64_t sequence) const { return static_cast<unsigned>(sequence % data); }
  // Is this at least half of the stream?
  bool mostly(StripeMask stripes) const { return 2 * count(stripes & mask()) >= all(); }
};

}  // namespace spate::swarm
