#include "libcore/sim/hunt.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/draws.h"
#include "libcore/sim/scenario_check.h"
#include "libcore/sim/scenario_writer.h"

namespace spate::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kCalm = seconds(15);

std::uint32_t up_to(Draws& draws, std::uint32_t most) { return static_cast<std::uint32_t>(draws.below(most + 1)); }

// A link that carries `children` with something to spare: of slow streams a third of what is sent is headers and
// proofs.
LinkClass draw_link(Draws& draws, std::uint16_t children, bool lossy, bool jittery) {
  LinkClass link;
  link.name = "drawn";
  link.share = 1 + up_to(draws, 3);
  link.up_times_milli = children * 2'000u + up_to(draws, 30'000);
  link.up.queue_bytes = 64'000 + draws.below(1'000'000);
  link.up.delay = draws.between({}, milliseconds(15));
  link.down.rate_bps = 50'000'000;
  link.down.queue_bytes = 100'000 + draws.below(1'000'000);
  link.down.delay = draws.between({}, milliseconds(15));
  if (lossy) {
    link.up.loss_ppm = up_to(draws, 30'000);
    link.down.loss_ppm = up_to(draws, 30'000);
    link.up.loss_burst = draws.between({}, milliseconds(20));
    link.down.loss_burst = draws.between({}, milliseconds(20));
    link.up.duplicate_ppm = draws.chance_ppm(500'000) ? up_to(draws, 20'000) : 0;
    link.up.corrupt_ppm = draws.chance_ppm(300'000) ? up_to(draws, 10'000) : 0;
    link.up.truncate_ppm = draws.chance_ppm(300'000) ? up_to(draws, 10'000) : 0;
    link.down.codel = draws.chance_ppm(200'000);
  }
  if (jittery) {
    link.up.jitter = draws.exponential(milliseconds(4));
    link.up.reorders = draws.chance_ppm(500'000);
    if (draws.chance_ppm(300'000)) link.up.jitter_kind = JitterKind::kWifi;
  }
  return link;
}

// Rates around `mean_bps`, which they keep in the mean: what a host is told to send follows from that. Nothing moves
// for a short time only, and no step lasts long enough to empty a viewer's buffer.
std::shared_ptr<const RateTrace> draw_trace(Draws& draws, std::uint64_t mean_bps) {
  std::vector<RateStep> steps;
  for (std::uint64_t i = 2 + draws.below(5); i > 0; --i)
    steps.push_back(
        {draws.between(milliseconds(20), milliseconds(800)), mean_bps * (400 + draws.below(1'200)) / 1'000});
  if (draws.chance_ppm(400'000)) steps.push_back({draws.between(milliseconds(5), milliseconds(150)), 0});
  const std::uint64_t mean = RateTrace(steps).mean_bps();
  for (RateStep& step : steps) step.rate_bps = step.rate_bps * mean_bps / mean + 1;
  if (steps.back().rate_bps == 1) steps.back().rate_bps = 0;
  return std::make_shared<const RateTrace>(steps);
}

void draw_traces(Draws& draws, LinkClass& link, std::uint64_t stream_bps) {
  if (draws.chance_ppm(600'000)) {
    link.up.trace = draw_trace(draws, stream_bps * std::exchange(link.up_times_milli, 0u) / 1'000);
    link.up.rate_bps = 0;
  }
  if (draws.chance_ppm(300'000)) {
    link.down.trace = draw_trace(draws, stream_bps * (3 + draws.below(10)));
    link.down.rate_bps = 0;
  }
  link.traces_in_step = draws.chance_ppm(300'000);
}

Fault draw_fault(Draws& draws, Fault::Kind kind, Duration busy) {
  Fault fault;
  fault.kind = kind;
  fault.within = draws.chance_ppm(500'000) ? draws.between({}, busy / 8) : Duration::zero();
  fault.lasts = draws.between(milliseconds(100), busy / 4);
  fault.at = draws.between(busy / 10, busy - fault.within - fault.lasts);
  fault.share_ppm = 50'000 + up_to(draws, 550'000);
  fault.one_way = draws.chance_ppm(300'000);
  fault.keeps_state = draws.chance_ppm(500'000);
  switch (kind) {
    case Fault::Kind::kKill:
    case Fault::Kind::kLeave:
      fault.lasts = {};
      fault.who = draws.chance_ppm(500'000) ? Who::kInterior : Who::kViewers;
      break;
    case Fault::Kind::kLoss:
      fault.loss_ppm = 20'000 + up_to(draws, 400'000);
      break;
    case Fault::Kind::kRate:
      fault.factor_ppm = 20'000 + up_to(draws, 500'000);
      break;
    case Fault::Kind::kDelay:
      fault.by = draws.between(milliseconds(10), milliseconds(800));
      break;
    case Fault::Kind::kMtu:
      fault.bytes = 500 + up_to(draws, 700);
      break;
    case Fault::Kind::kClockJump:
      fault.by = draws.between(milliseconds(10), seconds(5));
      fault.lasts = {};
      break;
    case Fault::Kind::kNatRebind:
      fault.new_address = draws.chance_ppm(500'000);
      fault.lasts = {};
      break;
    case Fault::Kind::kJoin:
      fault.count = 1 + up_to(draws, 8);
      fault.lasts = {};
      break;
    case Fault::Kind::kUdpBlock:
      fault.lasts = {};
      break;
    default:
      break;
  }
  // What its kind has no use for stays as it is.
  if (kind != Fault::Kind::kPartition) fault.one_way = false;
  if (kind != Fault::Kind::kCrash) fault.keeps_state = true;
  return fault;
}

constexpr HostileSpec::Kind kVillains[] = {
    HostileSpec::Kind::kColluder, HostileSpec::Kind::kCopier,   HostileSpec::Kind::kFlooder, HostileSpec::Kind::kLiar,
    HostileSpec::Kind::kMisnamer, HostileSpec::Kind::kReplayer, HostileSpec::Kind::kStormer, HostileSpec::Kind::kSybil};

// Boxes in front of viewers, which may forget what they have opened.
void draw_nats(Draws& draws, Scenario& s, Duration busy) {
  s.nat.share_ppm = 100'000 + up_to(draws, 600'000);
  s.nat.carrier_grade_ppm = draws.chance_ppm(500'000) ? up_to(draws, 300'000) : 0;
  if (draws.chance_ppm(500'000)) s.faults.push_back(draw_fault(draws, Fault::Kind::kNatRebind, busy));
}

// What links do besides.
void draw_oddities(Draws& draws, LinkClass& link) {
  if (draws.chance_ppm(400'000)) {
    link.up.jitter = draws.exponential(milliseconds(4));
    link.up.jitter_kind = JitterKind::kLogNormal;
  }
  if (draws.chance_ppm(300'000)) link.up.mtu_bytes = 1'280 + up_to(draws, 220);
  link.up.codel = draws.chance_ppm(300'000);
}

// Viewers that can talk to the publisher and the relays only. A third of the publisher's places is enough for all.
void draw_reach(Draws& draws, Scenario& s, Duration busy) {
  const auto children = static_cast<std::uint16_t>(3 * s.peers / 2);
  s.publisher.up_times_milli += 2'000u * (children - std::exchange(*s.publisher_children, children));
  if (draws.chance_ppm(500'000)) s.relay_only_ppm = 50'000 + up_to(draws, 200'000);
  if (draws.chance_ppm(500'000)) s.udp_blocked_ppm = 50'000 + up_to(draws, 200'000);
  if (draws.chance_ppm(500'000)) {
    s.faults.push_back(draw_fault(draws, Fault::Kind::kUdpBlock, busy));
    s.faults.back().share_ppm /= 3;
  }
}

// Against a line that is full of what a flooder or a replayer sends, 11 and 50 Mbit/s, nobody behind it can do
// anything.
void widen_downlinks(Scenario& s) {
  const auto widen = [](LinkClass& link) {
    link.down.trace = nullptr;
    link.down.rate_bps = 200'000'000;
  };
  widen(s.publisher);
  widen(s.relay);
  for (LinkClass& link : s.viewers) widen(link);
}

void draw_villain(Draws& draws, Scenario& s, Duration busy) {
  HostileSpec villain{kVillains[draws.below(std::size(kVillains))], 10'000 + up_to(draws, 150'000)};
  if (villain.kind == HostileSpec::Kind::kFlooder || villain.kind == HostileSpec::Kind::kReplayer) {
    villain.share_ppm /= 5;
    widen_downlinks(s);
  }
  if (!begins_at_once(villain.kind)) villain.at = draws.between({}, busy);
  s.hostile.push_back(villain);
}

// One more of the same kind as another, which begins while that lasts.
Fault draw_overlap(Draws& draws, const Fault& other, Duration busy) {
  Fault fault = draw_fault(draws, other.kind, busy);
  const Duration at = draws.between(other.at, other.at + other.within + other.lasts);
  fault.at = std::min(at, busy - fault.within - fault.lasts);
  return fault;
}

constexpr Fault::Kind kDrawn[] = {
    Fault::Kind::kKill, Fault::Kind::kLeave,     Fault::Kind::kCrash, Fault::Kind::kPause, Fault::Kind::kPartition,
    Fault::Kind::kClog, Fault::Kind::kSwizzle,   Fault::Kind::kLoss,  Fault::Kind::kRate,  Fault::Kind::kDelay,
    Fault::Kind::kMtu,  Fault::Kind::kClockJump, Fault::Kind::kJoin};

}  // namespace

Scenario draw_scenario(std::uint64_t seed, std::uint32_t peers, Duration duration) {
  const crypto::ChaChaRng root(seed);
  const std::unique_ptr<Rng> rng = root.fork("hunt");
  Draws draws(*rng);
  Scenario s = default_scenario();
  s.nat = {};
  s.name = "hunt-" + std::to_string(seed);
  s.purpose = "Drawn from seed " + std::to_string(seed) + ".";
  s.seed = seed;
  s.peers = peers;
  s.duration = duration;
  s.calm = std::min(kCalm, duration / 2);
  const Duration busy = duration - s.calm;
  s.relays = peers > 6 && draws.chance_ppm(300'000) ? 1 + up_to(draws, 1) : 0;

  s.stream.rate_bps = 300'000 + draws.below(std::uint64_t{1} << (16 + draws.below(6)));
  s.stream.frames_per_second = draws.chance_ppm(500'000) ? 25 : 50;
  s.stream.key_frame_weight = 1 + up_to(draws, 7);
  s.arrivals.within = draws.between({}, busy / 3);
  if (draws.chance_ppm(500'000)) {
    s.map.kind = MapSpec::Kind::kPlane;
    s.map.delay_min = draws.between(milliseconds(1), milliseconds(20));
    s.map.delay_max = s.map.delay_min + draws.between({}, milliseconds(150));
  }
  const bool lossy = draws.chance_ppm(500'000);
  const bool jittery = draws.chance_ppm(500'000);
  s.publisher_children = static_cast<std::uint16_t>(2 + draws.below(3));
  s.relay_children = static_cast<std::uint16_t>(2 + draws.below(6));
  s.viewer_children = static_cast<std::uint16_t>(2 + draws.below(3));
  s.viewers.clear();
  for (std::uint64_t i = 1 + draws.below(3); i > 0; --i)
    s.viewers.push_back(draw_link(draws, *s.viewer_children, lossy, jittery));
  s.publisher = draw_link(draws, *s.publisher_children, lossy, jittery);
  s.relay = draw_link(draws, *s.relay_children, lossy, jittery);
  s.churn.on = draws.chance_ppm(400'000);
  s.churn.median = draws.between(seconds(15), seconds(200));
  s.churn.abrupt_ppm = up_to(draws, kMillion);
  for (const Fault::Kind kind : kDrawn)
    if (draws.chance_ppm(150'000)) s.faults.push_back(draw_fault(draws, kind, busy));
  if (draws.chance_ppm(200'000))
    s.hostile.push_back({draws.chance_ppm(500'000) ? HostileSpec::Kind::kPolluter : HostileSpec::Kind::kOmitter,
                         10'000 + up_to(draws, 90'000)});
  if (draws.chance_ppm(200'000)) s.hostile.push_back({HostileSpec::Kind::kFreeRider, 10'000 + up_to(draws, 190'000)});
  s.expect = {};
  s.expect.startup_max = {};

  // Each from a generator of its own: what they change leaves the rest of a seed's world as it is.
  const std::unique_ptr<Rng> reach_rng = root.fork("hunt reach");
  Draws reach(*reach_rng);
  if (reach.chance_ppm(200'000)) draw_reach(reach, s, busy);
  const std::unique_ptr<Rng> traces_rng = root.fork("hunt traces");
  Draws traces(*traces_rng);
  if (traces.chance_ppm(300'000)) {
    draw_traces(traces, s.publisher, s.stream.rate_bps);
    draw_traces(traces, s.relay, s.stream.rate_bps);
    for (LinkClass& link : s.viewers) draw_traces(traces, link, s.stream.rate_bps);
  }
  const std::unique_ptr<Rng> nats_rng = root.fork("hunt nats");
  Draws nats(*nats_rng);
  if (nats.chance_ppm(300'000)) draw_nats(nats, s, busy);
  const std::unique_ptr<Rng> links_rng = root.fork("hunt links");
  Draws links(*links_rng);
  if (links.chance_ppm(300'000)) {
    draw_oddities(links, s.publisher);
    draw_oddities(links, s.relay);
    for (LinkClass& link : s.viewers) draw_oddities(links, link);
  }
  const std::unique_ptr<Rng> villains_rng = root.fork("hunt villains");
  Draws villains(*villains_rng);
  if (villains.chance_ppm(300'000)) draw_villain(villains, s, busy);
  const std::unique_ptr<Rng> overlaps_rng = root.fork("hunt overlaps");
  Draws overlaps(*overlaps_rng);
  if (!s.faults.empty() && overlaps.chance_ppm(300'000)) {
    const std::size_t before = s.faults.size();
    for (std::uint64_t i = 1 + overlaps.below(2); i > 0; --i)  // so that there are 3 partitions at the most
      s.faults.push_back(draw_overlap(overlaps, s.faults[overlaps.below(before)], busy));
  }
  return s;
}

namespace {

using Step = std::function<bool(Scenario&)>;  // false: nothing to take away

// False if it is calm already.
bool calm_link(LinkClass& link) {
  LinkConfig& up = link.up;
  const bool calm = up.loss_ppm + link.down.loss_ppm + up.duplicate_ppm + up.corrupt_ppm + up.truncate_ppm == 0 &&
                    up.jitter == Duration::zero() && up.mtu_bytes == 0 && !up.codel && !link.down.codel;
  up.loss_ppm = link.down.loss_ppm = up.duplicate_ppm = up.corrupt_ppm = up.truncate_ppm = up.mtu_bytes = 0;
  up.codel = link.down.codel = false;
  up.jitter = {};
  return !calm;
}

// The mean is left of rates that change. False if they do not.
bool lose_traces(LinkClass& link) {
  const auto lose_trace = [](LinkConfig& config) {
    if (!config.trace) return false;
    config.rate_bps = config.trace->mean_bps();
    config.trace = nullptr;
    return true;
  };
  const bool up = lose_trace(link.up);
  const bool down = lose_trace(link.down);
  return up || down;
}

void add_times(LinkClass& link, std::vector<Duration*>& times) {
  for (LinkConfig* config : {&link.up, &link.down})
    for (Duration* time : {&config->delay, &config->jitter, &config->loss_burst}) times.push_back(time);
}

std::vector<Duration*> times_of(Scenario& s) {
  std::vector<Duration*> times = {&s.duration,     &s.calm,          &s.arrivals.within,
                                  &s.churn.median, &s.map.delay_min, &s.map.delay_max};
  add_times(s.publisher, times);
  add_times(s.relay, times);
  for (LinkClass& link : s.viewers) add_times(link, times);
  for (Fault& f : s.faults)
    for (Duration* time : {&f.at, &f.within, &f.lasts, &f.by}) times.push_back(time);
  return times;
}

// What a person would have written. False if it is round already.
bool round_times(Scenario& s, Duration unit) {
  bool changed = false;
  for (Duration* time : times_of(s)) {
    if (*time < unit || *time % unit == Duration::zero()) continue;
    *time -= *time % unit;
    changed = true;
  }
  return changed;
}

// A part of the scenario is as in the default one, of which a file need say nothing. False if it is that already.
template <typename Part>
bool become_usual(Scenario& s, Part Scenario::*part) {
  const std::string before = format_scenario(s);
  s.*part = default_scenario().*part;
  return format_scenario(s) != before;
}

// The same of a link, but for its troubles.
void become_usual(LinkConfig& link, const LinkConfig& usual) {
  link.rate_bps = usual.rate_bps;
  link.queue_bytes = usual.queue_bytes;
  link.delay = usual.delay;
  if (link.loss_ppm == 0) link.loss_burst = usual.loss_burst;
  if (link.jitter == Duration::zero()) link.reorders = usual.reorders;
  if (link.jitter == Duration::zero()) link.jitter_kind = usual.jitter_kind;
}

void become_usual(LinkClass& link, const LinkClass& usual) {
  link.name = usual.name;
  link.share = usual.share;
  link.up_times_milli = usual.up_times_milli;
  become_usual(link.up, usual.up);
  become_usual(link.down, usual.down);
}

bool have_usual_links(Scenario& s) {
  const std::string before = format_scenario(s);
  const Scenario usual = default_scenario();
  become_usual(s.publisher, usual.publisher);
  become_usual(s.relay, usual.relay);
  for (LinkClass& link : s.viewers) become_usual(link, {});
  return format_scenario(s) != before;
}

// What may be taken away, the largest parts first.
std::vector<Step> steps(const Scenario& now) {
  std::vector<Step> all;
  for (std::size_t i = 0; i < now.faults.size(); ++i)
    all.push_back([i](Scenario& s) {
      s.faults.erase(s.faults.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    });
  for (std::size_t i = 0; i < now.hostile.size(); ++i)
    all.push_back([i](Scenario& s) {
      s.hostile.erase(s.hostile.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    });
  all.push_back([](Scenario& s) { return std::exchange(s.warm_up, Duration::zero()) > Duration::zero(); });
  all.push_back([](Scenario& s) { return std::exchange(s.churn.on, false); });
  all.push_back([](Scenario& s) { return std::exchange(s.nat.share_ppm, 0) > 0; });
  all.push_back([](Scenario& s) { return std::exchange(s.relay_only_ppm, 0) > 0; });
  all.push_back([](Scenario& s) { return std::exchange(s.udp_blocked_ppm, 0) > 0; });
  all.push_back([](Scenario& s) {
    const bool helps = s.viewers.size() > 1;
    s.viewers.resize(1);
    return helps;
  });
  all.push_back([](Scenario& s) {
    bool changed = calm_link(s.publisher);
    changed |= calm_link(s.relay);
    for (LinkClass& link : s.viewers) changed |= calm_link(link);
    return changed;
  });
  all.push_back([](Scenario& s) {
    bool changed = lose_traces(s.publisher);
    changed |= lose_traces(s.relay);
    for (LinkClass& link : s.viewers) changed |= lose_traces(link);
    return changed;
  });
  all.push_back([](Scenario& s) { return std::exchange(s.stream.key_frame_weight, 1u) > 1; });
  all.push_back(have_usual_links);
  all.push_back([](Scenario& s) { return become_usual(s, &Scenario::stream); });
  all.push_back([](Scenario& s) { return become_usual(s, &Scenario::map); });
  all.push_back([](Scenario& s) {
    const std::uint32_t relays = std::exchange(s.relays, 0u);
    s.peers -= relays;
    return relays > 0;
  });
  for (const std::uint32_t divisor : {2u, 4u, 8u, 1'000'000u})
    all.push_back([divisor](Scenario& s) {
      const std::uint32_t less = s.peers - std::max(1u, s.peers / divisor);
      if (less < s.relays + 2) return false;
      s.peers = less;
      return true;
    });
  for (const int divisor : {2, 4, 8})
    all.push_back([divisor](Scenario& s) {
      const Duration cut = (s.duration - s.calm) / divisor;
      const Duration busy = s.duration - s.calm - cut;
      if (cut < milliseconds(200)) return false;
      for (const Fault& fault : s.faults)
        if (fault.at + fault.within + fault.lasts > busy) return false;
      s.duration -= cut;
      s.arrivals.within = std::min(s.arrivals.within, (s.duration - s.calm) / 2);
      return true;
    });
  for (std::size_t i = 0; i < now.faults.size(); ++i)
    all.push_back([i](Scenario& s) {
      const Duration half = s.faults[i].lasts / 2;
      s.faults[i].lasts = half;
      return half > milliseconds(50);
    });
  return all;
}

}  // namespace

Scenario shrink(const Scenario& scenario, const std::function<bool(const Scenario&)>& fails, int runs_max) {
  Scenario smallest = scenario;
  const auto helps = [&](const Step& step) {
    Scenario smaller = smallest;
    if (!step(smaller) || check_scenario(smaller) || runs_max <= 0) return false;
    --runs_max;
    if (!fails(smaller)) return false;
    smallest = std::move(smaller);
    return true;
  };
  for (bool helped = true; helped && runs_max > 0;) {
    helped = false;
    for (std::size_t i = 0; i < steps(smallest).size(); ++i) helped |= helps(steps(smallest)[i]);
  }
  // Last, for these runs are another chaos that may need more.
  for (const Duration unit : {Duration(seconds(1)), Duration(milliseconds(100)), Duration(milliseconds(1))})
    helps([unit](Scenario& s) { return round_times(s, unit); });
  return smallest;
}

}  // namespace spate::sim
