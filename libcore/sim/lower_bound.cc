#include "libcore/sim/lower_bound.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::size_t kExactHosts = 1'000;
constexpr Duration kForever = Duration::max();

// Of a copy on an uplink.
Duration copy_time(std::uint64_t bps, std::uint32_t bytes) {
  constexpr std::uint64_t kNanosecondBits = 8'000'000'000;
  return bps == 0 ? Duration{} : Duration(static_cast<std::int64_t>(bytes * kNanosecondBits / bps));
}

// Hosts that no delay tells apart, with what of each of them is needed.
struct Site {
  std::vector<HostId> hosts;
  Duration relay = kForever;  // the least from a packet's arrival at the site to its next departure
  std::array<Duration, 2> down = {kForever, kForever};  // the two least of the receivers here
};

class Ways {
 public:
  Ways(DelayModel& delays, std::span<const BoundHost> hosts, HostId publisher, std::uint32_t packet_bytes)
      : delays_(delays),
        hosts_(hosts),
        publisher_(publisher),
        by_site_(hosts.size() > kExactHosts && delays.sites() > 0) {
    sites_.resize(by_site_ ? delays.sites() : hosts.size());
    for (HostId id = 0; id < hosts.size(); ++id) {
      const BoundHost& host = hosts[id];
      Site& site = sites_[site_of(id)];
      site.hosts.push_back(id);
      if (id == publisher) continue;
      site.relay = std::min(site.relay, host.down + copy_time(host.uplink_bps, packet_bytes) + host.up);
      site.down[1] = std::min(site.down[1], std::max(site.down[0], host.down));
      site.down[0] = std::min(site.down[0], host.down);
    }
    std::erase_if(used_ = all_sites(), [&](std::uint32_t site) { return sites_[site].hosts.empty(); });
  }

  // Dijkstra's algorithm (1959) on a dense graph.
  std::vector<Duration> shortest(Duration publishers_copy) {
    std::vector<Duration> arrival(sites_.size(), kForever);  // at the site, not yet down an access link
    const std::uint32_t home = site_of(publisher_);
    const Duration leaves = publishers_copy + hosts_[publisher_].up;
    for (const std::uint32_t site : used_) arrival[site] = leaves + between(home, site);
    std::vector<std::uint32_t> open = used_;
    while (!open.empty()) {
      const auto nearest = std::ranges::min_element(open, {}, [&](std::uint32_t site) { return arrival[site]; });
      const std::uint32_t via = *nearest;
      *nearest = open.back();
      open.pop_back();
      if (sites_[via].relay == kForever) continue;  // only the publisher
      const Duration departure = arrival[via] + sites_[via].relay;
      for (const std::uint32_t site : open) arrival[site] = std::min(arrival[site], departure + between(via, site));
    }
    std::vector<Duration> ways(hosts_.size());
    for (const std::uint32_t site : used_)
      for (const HostId id : sites_[site].hosts) ways[id] = arrival[site] + hosts_[id].down;
    ways[publisher_] = {};
    return ways;
  }

  // From a host's uplink to the nearest receiver that is not itself: of the publisher, and the least of the receivers.
  Duration publishers_least() const { return hosts_[publisher_].up + least_from(site_of(publisher_), false); }
  Duration receivers_least() const {
    Duration least = kForever;
    for (const std::uint32_t site : used_) {
      // Hosts whose downlink is not the site's best see the best of this site, the one that is sees the second.
      const Duration elsewhere = least_from(site, true);
      bool best_seen = false;
      for (const HostId id : sites_[site].hosts) {
        if (id == publisher_) continue;
        const bool is_best = !best_seen && hosts_[id].down == sites_[site].down[0];
        best_seen |= is_best;
        const Duration beside = sites_[site].down[is_best ? 1 : 0];
        const Duration nearest = std::min(elsewhere, beside == kForever ? kForever : between(site, site) + beside);
        if (nearest != kForever) least = std::min(least, hosts_[id].up + nearest);
      }
    }
    return least;
  }

 private:
  std::vector<std::uint32_t> all_sites() const {
    std::vector<std::uint32_t> all(sites_.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }
  std::uint32_t site_of(HostId id) const { return by_site_ ? delays_.site(id) : id; }
  Duration between(std::uint32_t from, std::uint32_t to) const {
    return by_site_ ? delays_.least_between(from, to) : delays_.one_way(from, to);
  }
  Duration least_from(std::uint32_t from, bool only_elsewhere) const {
    Duration least = kForever;
    for (const std::uint32_t site : used_) {
      if (sites_[site].down[0] == kForever || (only_elsewhere && site == from)) continue;
      least = std::min(least, between(from, site) + sites_[site].down[0]);
    }
    return least;
  }

  DelayModel& delays_;
  std::span<const BoundHost> hosts_;
  HostId publisher_;
  bool by_site_;
  std::vector<Site> sites_;
  std::vector<std::uint32_t> used_;  // sites with a host
};

// Rounded down so that each is a multiple of the one before, or zero. `times` ascend.
void make_multiples(std::span<Duration> times) {
  Duration last{};
  for (Duration& time : times) {
    if (last > Duration::zero()) time = time / last * last;
    last = time;
  }
}

struct Sender {
  Duration next;  // when its next copy lands at the earliest
  Duration copy;
  bool operator>(const Sender& other) const { return next > other.next; }
};

// `releases` and `copies` ascend and are of the receivers.
std::vector<Duration> deliveries(std::span<const Duration> releases, std::span<const Duration> copies,
                                 Duration publishers_copy, Duration publishers_least, Duration least) {
  std::vector<Duration> times;
  std::priority_queue<Sender, std::vector<Sender>, std::greater<>> senders;
  senders.push({publishers_least + publishers_copy, publishers_copy});
  std::uint64_t landed = 0;
  Duration now{};
  while (times.size() < releases.size()) {
    if (landed <= times.size()) {
      const Sender first = senders.top();
      senders.pop();
      now = std::max(now, first.next);
      if (first.copy > Duration::zero()) {
        ++landed;
        senders.push({first.next + first.copy, first.copy});
      } else {
        landed = releases.size();
      }
    }
    const std::size_t rank = times.size();
    now = std::max(now, releases[rank]);
    times.push_back(now);
    if (least != kForever) senders.push({now + least + copies[rank], copies[rank]});
  }
  return times;
}

}  // namespace

LowerBound lower_bound(DelayModel& delays, std::span<const BoundHost> hosts, HostId publisher,
                       std::uint32_t packet_bytes) {
  SPATE_CHECK(publisher < hosts.size() && packet_bytes > 0);
  const Duration publishers_copy = copy_time(hosts[publisher].uplink_bps, packet_bytes);
  Ways ways(delays, hosts, publisher, packet_bytes);
  LowerBound bound;
  bound.by_host = ways.shortest(publishers_copy);
  if (hosts.size() == 1) return bound;

  std::vector<Duration> releases;
  std::vector<Duration> copies;
  for (HostId id = 0; id < hosts.size(); ++id) {
    if (id == publisher) continue;
    releases.push_back(bound.by_host[id]);
    copies.push_back(copy_time(hosts[id].uplink_bps, packet_bytes));
  }
  std::ranges::sort(releases);
  std::ranges::sort(copies);
  make_multiples(copies);
  bound.by_rank = deliveries(releases, copies, publishers_copy, ways.publishers_least(), ways.receivers_least());
  return bound;
}

Duration LowerBound::quantile_ppm(std::uint32_t ppm) const {
  constexpr std::uint64_t kMillion = 1'000'000;
  SPATE_CHECK(!by_rank.empty() && ppm <= kMillion);
  const std::uint64_t rank = (by_rank.size() * std::uint64_t{ppm} + kMillion - 1) / kMillion;
  return by_rank[rank == 0 ? 0 : rank - 1];
}

}  // namespace spate::sim
