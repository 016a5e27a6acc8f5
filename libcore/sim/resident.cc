#include "libcore/sim/resident.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>

#include "libcore/base/check.h"
#include "libcore/sim/draws.h"

namespace spate::sim {
namespace {

constexpr std::uint32_t kCapacityMilliMax = 64'000;  // of one host, where its uplink sets no limit

constexpr std::uint32_t kIdleLiarMilli = 120;  // two slots: somebody to lie to

// What of the uplink a sensible owner allows: a queue that is just full grows.
std::uint64_t usable(std::uint64_t up_bps) { return up_bps / 100 * 97; }

// A host plans with what a changing uplink carries on average.
std::uint64_t up_rate(const LinkClass& link, std::uint64_t stream_bps) {
  if (link.up.trace) return std::max<std::uint64_t>(1, link.up.trace->mean_bps());
  return link.up_times_milli > 0 ? stream_bps * link.up_times_milli / 1'000 : link.up.rate_bps;
}

// What one child costs on the wire: headers and proofs are an eighth, parity is a sixteenth.
std::uint64_t child_bps(std::uint64_t stream_bps) { return stream_bps / 16 * 19; }

void take_link(Resident& resident, const LinkClass& link, const Scenario& scenario,
               std::optional<std::uint16_t> children) {
  const std::uint64_t up = up_rate(link, scenario.stream.rate_bps);
  resident.up = link.up;
  resident.up.rate_bps = up;
  resident.down = link.down;
  resident.up.trace_in_step = resident.down.trace_in_step = link.traces_in_step;
  const std::uint64_t carries = up == 0 ? kCapacityMilliMax : usable(up) * 1'000 / child_bps(scenario.stream.rate_bps);
  resident.capacity_milli =
      children ? *children * 1'000u : static_cast<std::uint32_t>(std::min<std::uint64_t>(carries, kCapacityMilliMax));
  if (scenario.upload_limits) resident.upload_limit_bps = usable(up);
}

std::uint32_t draw_class(const std::vector<LinkClass>& classes, Draws& draws) {
  SPATE_CHECK(!classes.empty());
  std::uint64_t total = 0;
  for (const LinkClass& c : classes) total += c.share;
  std::uint64_t at = draws.below(std::max<std::uint64_t>(total, 1));
  std::uint32_t i = 0;
  while (i + 1 < classes.size() && at >= classes[i].share) at -= classes[i++].share;
  return i;
}

std::optional<HostileSpec> draw_hostile(const std::vector<HostileSpec>& kinds, Draws& draws) {
  std::uint64_t at = draws.below(kMillion);
  for (const HostileSpec& spec : kinds) {
    if (at < spec.share_ppm) return spec;
    at -= spec.share_ppm;
  }
  return std::nullopt;
}

bool serves(const Resident& resident) {
  if (resident.relay_only || resident.udp_blocked) return false;
  if (!resident.hostile) return true;
  using Kind = HostileSpec::Kind;
  const Kind kind = *resident.hostile;
  return kind == Kind::kColluder || kind == Kind::kLiar || kind == Kind::kMisnamer || kind == Kind::kOmitter ||
         kind == Kind::kPolluter;
}

}  // namespace

Resident draw_resident(const Scenario& scenario, const Rng& root, HostId host) {
  Resident resident;
  if (host == 0) {
    resident.role = Role::kPublisher;
    take_link(resident, scenario.publisher, scenario, scenario.publisher_children);
    return resident;
  }
  if (host <= scenario.relays) {
    resident.role = Role::kRelay;
    take_link(resident, scenario.relay, scenario, scenario.relay_children);
    return resident;
  }
  const std::unique_ptr<Rng> rng = root.fork("resident " + std::to_string(host));
  Draws draws(*rng);
  resident.link_class = draw_class(scenario.viewers, draws);
  if (const std::optional<HostileSpec> hostile = draw_hostile(scenario.hostile, draws)) {
    resident.hostile = hostile->kind;
    resident.hostile_at = hostile->at;
  }
  take_link(resident, scenario.viewers[resident.link_class], scenario, scenario.viewer_children);
  // Drawn apart: nothing else changes with it.
  resident.relay_only = scenario.relay_only_ppm > 0 && resident.honest() &&
                        Draws(*root.fork("relay-only " + std::to_string(host))).chance_ppm(scenario.relay_only_ppm);
  resident.udp_blocked = scenario.udp_blocked_ppm > 0 &&
                         Draws(*root.fork("udp-blocked " + std::to_string(host))).chance_ppm(scenario.udp_blocked_ppm);
  if (!serves(resident)) resident.capacity_milli = 0;
  if (resident.hostile == HostileSpec::Kind::kLiar && draws.chance_ppm(kMillion / 2))
    resident.capacity_milli = std::min(resident.capacity_milli, kIdleLiarMilli);
  return resident;
}

Duration draw_arrival(const Scenario& scenario, const Rng& root, HostId host) {
  if (host <= scenario.relays) return Duration::zero();
  return Draws(*root.fork("arrival " + std::to_string(host))).between({}, scenario.arrivals.within);
}

std::optional<Stay> draw_stay(const Scenario& scenario, const Rng& root, HostId host) {
  const ChurnSpec& churn = scenario.churn;
  if (!churn.on) return std::nullopt;
  Draws draws(*root.fork("stay " + std::to_string(host)));
  const Duration lasts = draws.log_normal(churn.median, churn.sigma_milli);
  return Stay{lasts, draws.chance_ppm(churn.abrupt_ppm)};
}

std::optional<double> resource_index(const Scenario& scenario, const Rng& root, std::uint32_t peers) {
  double supply = 0;
  for (HostId host = 0; host < peers; ++host) {
    const Resident resident = draw_resident(scenario, root, host);
    if (resident.up.rate_bps == 0) return std::nullopt;
    if (serves(resident)) supply += static_cast<double>(resident.up.rate_bps);
  }
  const double viewers = peers - 1.0 - scenario.relays;
  return supply / (viewers * static_cast<double>(scenario.stream.rate_bps));
}

}  // namespace spate::sim
