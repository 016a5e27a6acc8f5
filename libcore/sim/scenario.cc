#include "libcore/sim/scenario.h"

#include <algorithm>

#include "libcore/sim/scenario_keys.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;

// Loss of 1.5 %, half of it on the receiver's side, in spells of three packets at 4 Mbit/s.
LinkClass by_uplink(std::string name, std::uint32_t share, std::uint32_t up_times_milli) {
  constexpr std::uint32_t kLossEachWay = 7'500;
  constexpr Duration kBurst = std::chrono::microseconds(7'200);
  LinkClass c;
  c.name = std::move(name);
  c.share = share;
  c.up_times_milli = up_times_milli;
  c.up.delay = milliseconds(1);
  c.up.jitter = milliseconds(1);
  c.up.loss_ppm = kLossEachWay;
  c.up.loss_burst = kBurst;
  c.down.rate_bps = 100'000'000;
  c.down.queue_bytes = 1'000'000;
  c.down.delay = milliseconds(1);
  c.down.loss_ppm = kLossEachWay;
  c.down.loss_burst = kBurst;
  return c;
}

}  // namespace

std::string describe(const Fault& fault) {
  const auto name_in = [](const auto& choices, auto value) {
    for (const auto& choice : choices)
      if (choice.value == value) return std::string(choice.name);
    return std::string();
  };
  return name_in(kFaults, fault.kind) + (fault.kind == Fault::Kind::kJoin ? "" : " " + name_in(kWho, fault.who));
}

bool blocks_udp(const Scenario& scenario) {
  return scenario.udp_blocked_ppm > 0 || std::any_of(scenario.faults.begin(), scenario.faults.end(),
                                                     [](const Fault& f) { return f.kind == Fault::Kind::kUdpBlock; });
}

Scenario default_scenario() {
  Scenario s;
  s.name = "default";
  s.purpose =
      "Viewers all over the world with home uplinks, mean 1.28 times the stream, mostly behind NATs, come and go.";
  s.publisher = by_uplink("publisher", 1, 10'000);
  s.relay = by_uplink("relay", 1, 20'000);
  s.viewers = {by_uplink("0.1x", 20, 100), by_uplink("0.7x", 40, 700), by_uplink("1.6x", 30, 1'600),
               by_uplink("5x", 10, 5'000)};
  s.nat.share_ppm = 600'000;
  return s;
}

}  // namespace spate::sim
