#include "libcore/sim/faults.h"

#include <algorithm>
#include <string>

#include "libcore/sim/digest.h"
#include "libcore/sim/draws.h"

namespace spate::sim {
namespace {

// Sides 1 and up are for partitions; the rest of the world is on side 0.
std::size_t side_of(std::size_t index) { return 1 + index % (Network::kSides - 1); }

bool ends_by_itself(Fault::Kind kind) {
  return kind == Fault::Kind::kLoss || kind == Fault::Kind::kRate || kind == Fault::Kind::kDelay ||
         kind == Fault::Kind::kMtu;
}

bool has_an_end(Fault::Kind kind) {
  return kind == Fault::Kind::kCrash || kind == Fault::Kind::kPause || kind == Fault::Kind::kClog ||
         kind == Fault::Kind::kSwizzle;
}

// What others see: for so long it serves nobody.
bool makes_useless(Fault::Kind kind) {
  return kind == Fault::Kind::kCrash || kind == Fault::Kind::kPause || kind == Fault::Kind::kPartition;
}

Disturbance disturbance_of(const Fault& fault, Instant now) {
  Disturbance d;
  d.extra_loss_ppm = fault.kind == Fault::Kind::kLoss ? fault.loss_ppm : 0;
  d.rate_factor_ppm = fault.kind == Fault::Kind::kRate ? std::max(1u, fault.factor_ppm) : kMillion;
  d.extra_delay = fault.kind == Fault::Kind::kDelay ? fault.by : Duration::zero();
  d.mtu_bytes = fault.kind == Fault::Kind::kMtu ? fault.bytes : 0;
  d.until = now + fault.lasts;
  return d;
}

}  // namespace

Faults::Faults(World& world) : world_(world) {
  const std::vector<Fault>& faults = world.scenario().faults;
  for (std::size_t i = 0; i < faults.size(); ++i)
    world.network().at(Instant{} + faults[i].at, kPublisherHost, [this, i] { begin(i); });
}

void Faults::begin(std::size_t index) {
  const Fault& fault = world_.scenario().faults[index];
  Network& network = world_.network();
  if (fault.kind == Fault::Kind::kJoin) {
    world_.recorder().on_mark(network.now(), describe(fault) + ": " + std::to_string(fault.count) + " hosts");
    return join(fault);
  }
  std::vector<HostId> chosen = victims(fault, index);
  world_.recorder().on_mark(network.now(), describe(fault) + ": " + std::to_string(chosen.size()) + " hosts");
  if (fault.kind == Fault::Kind::kPartition) return partition(fault, index, chosen);

  const std::unique_ptr<Rng> rng = world_.rng().fork("fault times " + std::to_string(index));
  Draws draws(*rng);
  // Swizzled ones are freed in another order than they were clogged in.
  const bool swizzle = fault.kind == Fault::Kind::kSwizzle;
  for (const HostId host : chosen) {
    const Duration begins = draws.between({}, swizzle ? fault.lasts / 2 : fault.within);
    const Duration ends = swizzle ? draws.between(fault.lasts / 2, fault.lasts) : begins + fault.lasts;
    network.at(network.now() + begins, host, [this, &fault, host] { befall(fault, host); });
    if (has_an_end(fault.kind)) network.at(network.now() + ends, host, [this, &fault, host] { relieve(fault, host); });
  }
}

bool Faults::may_befall(const Fault& fault, HostId host) {
  if (!world_.network().present(host)) return false;
  const Role role = world_.resident(host).role;
  switch (fault.who) {
    case Who::kPublisher:
      return role == Role::kPublisher;
    case Who::kRelays:
      return role == Role::kRelay;
    case Who::kViewers:
      return role == Role::kViewer;
    case Who::kInterior:
      return role == Role::kViewer && world_.stream_stats(host).children > 0;
    case Who::kAll:
      return role != Role::kPublisher || !ends_lives(fault.kind);
  }
  return false;
}

// The share of those there are, rounded up: which ones is a matter of the seed, the fault and each host's number.
std::vector<HostId> Faults::victims(const Fault& fault, std::size_t index) {
  const std::uint64_t salt = world_.rng().fork("fault " + std::to_string(index))->u64();
  std::vector<HostId> all;
  for (HostId host = 0; host < world_.hosts(); ++host)
    if (may_befall(fault, host)) all.push_back(host);
  const auto key = [salt](HostId host) { return Digest::mix(salt ^ Digest::mix(host)); };
  std::sort(all.begin(), all.end(), [&](HostId a, HostId b) { return key(a) < key(b); });
  const std::uint64_t count = (std::uint64_t{fault.share_ppm} * all.size() + kMillion - 1) / kMillion;
  all.resize(static_cast<std::size_t>(count));
  return all;
}

void Faults::befall(const Fault& fault, HostId host) {
  Network& network = world_.network();
  if (!network.present(host)) return;
  if (makes_useless(fault.kind)) world_.recorder().on_unavailable(host, network.now());
  if (ends_by_itself(fault.kind)) return network.disturb(host, disturbance_of(fault, network.now()));
  switch (fault.kind) {
    case Fault::Kind::kKill:
      return world_.kill(host);
    case Fault::Kind::kLeave:
      return world_.leave(host);
    case Fault::Kind::kCrash:
      return world_.crash(host, fault.keeps_state);
    case Fault::Kind::kPause:
      return network.pause(host);
    case Fault::Kind::kClog:
    case Fault::Kind::kSwizzle:
      return network.clog(host, true);
    case Fault::Kind::kClockJump:
      return network.jump_clock(host, fault.by);
    case Fault::Kind::kNatRebind:
      return network.rebind_nat(host);
    default:
      return;
  }
}

void Faults::relieve(const Fault& fault, HostId host) {
  Network& network = world_.network();
  if (makes_useless(fault.kind)) world_.recorder().on_available(host);
  switch (fault.kind) {
    case Fault::Kind::kCrash:
      return world_.come_back(host);
    case Fault::Kind::kPause:
      return network.resume(host);
    case Fault::Kind::kClog:
    case Fault::Kind::kSwizzle:
      return network.clog(host, false);
    default:
      return;
  }
}

void Faults::partition(const Fault& fault, std::size_t index, const std::vector<HostId>& group) {
  Network& network = world_.network();
  const std::size_t side = side_of(index);
  const auto set = [this, side, one_way = fault.one_way](bool on) {
    for (std::size_t other = 0; other < Network::kSides; ++other) {
      if (other == side) continue;
      world_.network().cut(side, other, on);
      if (!one_way) world_.network().cut(other, side, on);
    }
  };
  for (const HostId host : group) {
    network.set_side(host, side);
    world_.recorder().on_unavailable(host, network.now());
  }
  set(true);
  network.at(network.now() + fault.lasts, kPublisherHost, [this, set, group] {
    set(false);
    for (const HostId host : group) {
      world_.network().set_side(host, 0);
      world_.recorder().on_available(host);
    }
  });
}

void Faults::join(const Fault& fault) {
  Network& network = world_.network();
  const std::unique_ptr<Rng> rng = world_.rng().fork("joiners at " + std::to_string(fault.at.count()));
  Draws draws(*rng);
  for (std::uint32_t i = 0; i < fault.count; ++i)
    network.at(network.now() + draws.between({}, fault.within), kPublisherHost, [this] { world_.add_viewer(); });
}

}  // namespace spate::sim
