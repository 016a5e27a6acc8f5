#include "libcore/swarm/home_choice.h"

#include <vector>

namespace spate::swarm {

unsigned scarcest_stripe(const Striping& striping, wire::ShortId self, const Peers& peers,
                         const Candidates& candidates) {
  const unsigned stripes = striping.all();
  std::vector<std::uint32_t> free(stripes);
  // Who is at home in most of them says nothing about any.
  const auto add = [&](StripeMask home, std::uint32_t slots) {
    if (2 * count(home) < stripes) for_each_stripe(home & striping.mask(), [&](unsigned s) { free[s] += slots; });
  };
  for (const auto& [session, peer] : peers.all())
    if (peer.status) add(peer.status->home, peer.status->free_slots);
  for (const Candidate& candidate : candidates.all())
    if (!peers.has_key(candidate.key)) add(candidate.home, candidate.free_slots);
  unsigned best = self % stripes;
  for (unsigned i = 0; i < stripes; ++i) {
    const unsigned s = (self + i) % stripes;
    if (free[s] < free[best]) best = s;
  }
  return best;
}

}  // namespace spate::swarm
