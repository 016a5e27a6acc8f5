#include "libcore/sim/scenario_check.h"

#include <utility>

#include "libcore/sim/cities.h"
#include "libcore/sim/draws.h"
#include "libcore/sim/partitions.h"
#include "libcore/sim/print_units.h"

namespace spate::sim {
namespace {

using Found = std::optional<Contradiction>;

Found found(std::string what, std::vector<KeyPlace> places) {
  return Contradiction{std::move(what), std::move(places)};
}

// A key with the value that it has by default says nothing, so that all of them can be written.
Found check_map(const MapSpec& map) {
  const MapSpec nothing_said;
  if (!map.continent.empty() && map.kind != MapSpec::Kind::kWorld)
    return found("'continent' in [map] goes with kind \"world\" only", {{"map", "continent"}});
  if (!map.continent.empty() && !continent_named(map.continent))
    return found("'continent' in [map] must be africa, asia, europe, north-america, oceania or south-america",
                 {{"map", "continent"}});
  if (map.kind != MapSpec::Kind::kPlane)
    for (const auto& [key, said] : {std::pair("delay-min", map.delay_min != nothing_said.delay_min),
                                    std::pair("delay-max", map.delay_max != nothing_said.delay_max)})
      if (said) return found("'" + std::string(key) + "' in [map] goes with kind \"plane\" only", {{"map", key}});
  if (map.delay_min > map.delay_max)
    return found("'delay-min' in [map] is above 'delay-max'", {{"map", "delay-min"}, {"map", "delay-max"}});
  return std::nullopt;
}

Found check_world(const Scenario& s) {
  if (s.relays + 2 > s.peers)
    return found("'peers' must leave room for a publisher, the relays and a viewer", {{"", "peers"}, {"", "relays"}});
  if (s.duration < std::chrono::seconds(1)) return found("'duration' must be at least \"1s\"", {{"", "duration"}});
  if (s.warm_up >= s.duration)
    return found("'warm-up' must be shorter than 'duration', which is " + print_duration(s.duration),
                 {{"", "warm-up"}, {"", "duration"}});
  if (s.calm > s.duration)
    return found("'calm', which is " + print_duration(s.calm) + ", is longer than 'duration', which is " +
                     print_duration(s.duration) + ": give a shorter 'calm'",
                 {{"", "calm"}, {"", "duration"}});
  if (s.wake > std::chrono::milliseconds(100)) return found("'wake' must be at most \"100ms\"", {{"", "wake"}});
  if (s.viewers.empty()) return found("there must be at least one [[viewers]]", {{"", "viewers"}});
  if (Found wrong = check_map(s.map)) return wrong;
  if (s.arrivals.within > s.duration)
    return found("'within' in [arrivals] is longer than 'duration'", {{"arrivals", "within"}, {"", "duration"}});
  if (s.churn.on && s.churn.median < std::chrono::seconds(1))
    return found("'median' in [churn] must be at least \"1s\"", {{"churn", "median"}});
  if (s.churn.sigma_milli > Draws::kSigmaMilliMax)
    return found("'sigma' in [churn] must be at most 3", {{"churn", "sigma"}});
  return std::nullopt;
}

Found check_hostile(const std::vector<HostileSpec>& kinds) {
  std::uint64_t all_ppm = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    all_ppm += kinds[i].share_ppm;
    if (all_ppm > kMillion)
      return found("the shares in [[hostile]] are more than \"100%\" together", {{"hostile", "share", i}});
    if (kinds[i].at > Duration::zero() && begins_at_once(kinds[i].kind))
      return found("that kind of [[hostile]] takes no 'at'", {{"hostile", "at", i}});
  }
  return std::nullopt;
}

// The key without which a fault would do nothing; null if it has all.
const char* what_lacks(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kKill:
    case Fault::Kind::kLeave:
    case Fault::Kind::kNatRebind:
    case Fault::Kind::kUdpBlock:
      return nullptr;
    case Fault::Kind::kClockJump:
      return fault.by > Duration::zero() ? nullptr : "by";
    case Fault::Kind::kJoin:
      return fault.count > 0 ? nullptr : "count";
    default:
      break;
  }
  if (fault.lasts == Duration::zero()) return "for";
  if (fault.kind == Fault::Kind::kLoss && fault.loss_ppm == 0) return "loss";
  if (fault.kind == Fault::Kind::kDelay && fault.by == Duration::zero()) return "by";
  if (fault.kind == Fault::Kind::kMtu && fault.bytes == 0) return "bytes";
  return nullptr;
}

// A key that such a fault does not know; null if it has none.
const char* what_is_too_much(const Fault& fault) {
  using Kind = Fault::Kind;
  const auto is = [&](auto... kinds) { return ((fault.kind == kinds) || ...); };
  const bool lasts = !is(Kind::kKill, Kind::kLeave, Kind::kNatRebind, Kind::kClockJump, Kind::kUdpBlock, Kind::kJoin);
  if (fault.lasts > Duration::zero() && !lasts) return "for";
  if (fault.loss_ppm > 0 && !is(Kind::kLoss)) return "loss";
  if (fault.factor_ppm != kMillion && !is(Kind::kRate)) return "rate";
  if (fault.by > Duration::zero() && !is(Kind::kDelay, Kind::kClockJump)) return "by";
  if (fault.bytes > 0 && !is(Kind::kMtu)) return "bytes";
  if (fault.count > 0 && !is(Kind::kJoin)) return "count";
  if (fault.new_address && !is(Kind::kNatRebind)) return "new-address";
  return nullptr;
}

Found check_fault(const Scenario& s, std::size_t i) {
  const Fault& fault = s.faults[i];
  if (const char* const lacks = what_lacks(fault))
    return found("the fault '" + describe(fault) + "' needs '" + lacks + "', above 0", {{"faults", lacks, i}});
  if (const char* const extra = what_is_too_much(fault))
    return found("the fault '" + describe(fault) + "' takes no '" + extra + "'", {{"faults", extra, i}});
  if (ends_lives(fault.kind) && fault.who == Who::kPublisher)
    return found("the publisher cannot be killed, crash or leave: nobody could play after that",
                 {{"faults", "who", i}});
  const Duration end = fault.at + fault.within + fault.lasts;
  if (end > s.duration - s.calm)
    return found("a fault ends at " + print_duration(end) + ", but from " + print_duration(s.duration - s.calm) +
                     " on ('duration' less 'calm') all must be well",
                 {{"faults", "for", i}, {"faults", "within", i}, {"faults", "at", i}});
  return std::nullopt;
}

// How many partitions there are when this one begins.
std::size_t partitions_at(const Scenario& s, const Fault& fault) {
  std::size_t count = 0;
  for (const Fault& other : s.faults)
    count += other.kind == Fault::Kind::kPartition && other.at <= fault.at && fault.at <= other.at + other.lasts;
  return count;
}

Found check_partitions(const Scenario& s) {
  for (std::size_t i = 0; i < s.faults.size(); ++i)
    if (s.faults[i].kind == Fault::Kind::kPartition && partitions_at(s, s.faults[i]) > Partitions::kMost)
      return found("more than " + std::to_string(Partitions::kMost) + " partitions at once", {{"faults", "at", i}});
  return std::nullopt;
}

}  // namespace

bool begins_at_once(HostileSpec::Kind kind) {
  using Kind = HostileSpec::Kind;
  return kind == Kind::kFreeRider || kind == Kind::kLiar || kind == Kind::kMisnamer || kind == Kind::kOmitter ||
         kind == Kind::kPolluter || kind == Kind::kSybil;
}

std::optional<Contradiction> check_scenario(const Scenario& scenario) {
  if (Found wrong = check_world(scenario)) return wrong;
  if (Found wrong = check_hostile(scenario.hostile)) return wrong;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i)
    if (Found wrong = check_fault(scenario, i)) return wrong;
  return check_partitions(scenario);
}

}  // namespace spate::sim
