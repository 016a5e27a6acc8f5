#include "libcore/swarm/ways.h"

#include <algorithm>

namespace spate::swarm {

std::size_t depth(const Parents& parents) {
  std::size_t depth = 0;
  for_each_stripe(parents.served(), [&](unsigned s) {
    if (const auto path = parents.path(s)) depth = std::max(depth, path->size());
  });
  return depth;
}

std::vector<wire::Route> routes(const Parents& parents, StripeMask stripes) {
  std::vector<wire::Route> routes;
  for_each_stripe(stripes & parents.all(), [&](unsigned stripe) {
    const auto path = parents.path(stripe);
    if (!path) return;
    const auto same = std::find_if(routes.begin(), routes.end(), [&](const wire::Route& r) { return r.path == *path; });
    if (same != routes.end())
      same->stripes |= bit(stripe);
    else if (routes.size() < wire::kRoutesMax)
      routes.push_back({bit(stripe), *path});
  });
  return routes;
}

StripeMask free_of_loops(const Parents& parents, const Peer& peer, StripeMask asked) {
  StripeMask allowed = asked & parents.served() & ~parents.from(peer.session);
  for_each_stripe(allowed & parents.all(), [&](unsigned stripe) {
    const auto path = parents.path(stripe);
    if (!path || path->contains(peer.short_id)) allowed &= ~bit(stripe);
  });
  return allowed;
}

}  // namespace spate::swarm
