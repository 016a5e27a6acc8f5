#include "libcore/sim/scenario_check.h"

#include <string>
#include <utility>

#include "libcore/sim/cities.h"
#include "libcore/sim/draws.h"
#include "libcore/sim/print_units.h"

namespace spate::sim {
namespace {

// The key without which a fault would do nothing; null if it has all.
const char* what_lacks(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kKill:
    case Fault::Kind::kLeave:
    case Fault::Kind::kNatRebind:
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

}  // namespace

std::optional<ScenarioError> check_scenario(const Scenario& s) {
  const auto error = [](std::string what) { return ScenarioError{0, std::move(what)}; };
  if (s.relays + 2 > s.peers) return error("'peers' must leave room for a publisher, the relays and a viewer");
  if (s.duration < std::chrono::seconds(1)) return error("'duration' must be at least \"1s\"");
  if (s.calm > s.duration) return error("'calm' is longer than 'duration'");
  if (s.wake > std::chrono::milliseconds(100)) return error("'wake' must be at most \"100ms\"");
  if (s.viewers.empty()) return error("there must be at least one [[viewers]]");
  if (!s.map.continent.empty() && !continent_named(s.map.continent))
    return error("'continent' in [map] must be africa, asia, europe, north-america, oceania or south-america");
  if (s.map.delay_min > s.map.delay_max) return error("'delay-min' in [map] is above 'delay-max'");
  if (s.arrivals.within > s.duration) return error("'within' in [arrivals] is longer than 'duration'");
  if (s.churn.on && s.churn.median < std::chrono::seconds(1))
    return error("'median' in [churn] must be at least \"1s\"");
  std::uint64_t hostile_ppm = 0;
  for (const HostileSpec& hostile : s.hostile) hostile_ppm += hostile.share_ppm;
  if (hostile_ppm > kMillion) return error("the shares in [[hostile]] are more than \"100%\" together");
  for (const Fault& fault : s.faults)
    if (const char* const lacks = what_lacks(fault))
      return error("the fault '" + describe(fault) + "' needs '" + lacks + "'");
  for (const Fault& fault : s.faults)
    if (ends_lives(fault.kind) && fault.who == Who::kPublisher)
      return error("the publisher cannot be killed, crash or leave: nobody could play after that");
  for (const Fault& fault : s.faults)
    if (fault.at + fault.within + fault.lasts > s.duration - s.calm)
      return error("a fault ends at " + print_duration(fault.at + fault.within + fault.lasts) + ", but from " +
                   print_duration(s.duration - s.calm) + " on ('duration' less 'calm') all must be well");
  return std::nullopt;
}

}  // namespace spate::sim
