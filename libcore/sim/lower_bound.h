// How soon a packet can be everywhere, whatever the protocol does: what a run's lags are measured against.
//
// Two bounds, for each packet by itself, without loss and jitter. Both count from when the publisher has the packet:
// - By host: the shortest way from the publisher, over any relays, each of which needs the time of one copy on its
// uplink. Any schedule
//   is slower. A way over a relay can be shorter than the direct one, where the delays do not obey the triangle
//   inequality.
// - By rank: the m-th delivery comes no sooner than the m-th shortest way, and no sooner than m copies can have landed.
//   The copies of whoever was informed at t land no sooner than at t + d + tau, t + d + 2 tau, ..., with tau the time
//   of a copy on its uplink and d the least delay from any receiver to another (for the publisher: its own). The
//   rank-th to be informed is taken to have the rank-th fastest uplink.
//
// Why the second holds: given when the first m - 1 were informed, the number of copies that landed by any time is
// largest if the faster ones were informed sooner. That exchange is right if each tau is a multiple of the next smaller
// one (the larger one's copies then are some of the smaller one's), so taus are rounded down to such multiples. As
// copies and shortest ways are counted separately, it does not matter who is informed with which copy. So by induction
// no schedule's m-th delivery is sooner. (The postal model with unequal uplinks; Bar-Noy and Kipnis, "Designing
// broadcasting algorithms in the postal model", 1992.)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/sim/delay.h"

namespace spate::sim {

struct BoundHost {
  std::uint64_t uplink_bps = 0;  // 0: unlimited
  // What the access links add at the least, one way; not the uplink's time for the packet.
  Duration up{};
  Duration down{};
};

struct LowerBound {
  std::vector<Duration> by_host;  // the publisher's is zero
  std::vector<Duration> by_rank;  // of the receivers, in ascending order

  // No schedule delivers to that share of the receivers sooner. REQUIRES a receiver, and at most a million.
  Duration quantile_ppm(std::uint32_t ppm) const;
};

// Hosts are numbered as in `delays`. `packet_bytes` is the size on the wire. REQUIRES publisher < hosts.size(), delays
// that are not negative, and at least a byte.
//
// Up to 1,000 hosts, the ways are exact; above that, they are the shortest between the model's sites, if it has sites:
// exact where the delay between hosts is that between their sites (SiteDelay), otherwise below the truth (PlaneDelay).
// Takes O(hosts^2) or O(hosts log hosts + sites^2); 100,000 hosts in the built-in world take well below a second, and
// as much again to draw their cities.
LowerBound lower_bound(DelayModel& delays, std::span<const BoundHost> hosts, HostId publisher,
                       std::uint32_t packet_bytes);

}  // namespace spate::sim
