#include "libcore/sim/faults.h"

#include <algorithm>
#include <string>

#include "libcore/sim/digest.h"
#include "libcore/sim/draws.h"

namespace spate::sim {
namespace {

bool ends_by_itself(Fault::Kind kind) {
  return kind == Fault::Kind::kLoss || kind == Fault::Kind::kRate || kind == Fault::Kind::kDelay ||
         kind == Fault::Kind::kMtu;
}

bool pauses(Fault::Kind kind) { return kind == Fault::Kind::kPause; }
bool clogs(Fault::Kind kind) { return kind == Fault::Kind::kClog || kind == Fault::Kind::kSwizzle; }
bool has_an_end(Fault::Kind kind) { return kind == Fault::Kind::kCrash || pauses(kind) || clogs(kind); }

// What others see: for so long it lives, and serves nobody.
bool makes_useless(Fault::Kind kind) { return pauses(kind) || kind == Fault::Kind::kPartition; }

Disturbance disturbance_of(const Fault& fault, Instant now) {
  Disturbance d;
  d.extra_loss_ppm = fault.kind == Fault::Kind::kLoss ? fault.loss_ppm : 0;
  d.rate_factor_ppm = fault.kind == Fault::Kind::kRate ? std::max(1u, fault.factor_ppm) : kMillion;
  d.extra_delay = fault.kind == Fault::Kind::kDelay ? fault.by : Duration::zero();
  d.mtu_bytes = fault.kind == Fault::Kind::kMtu ? fault.bytes : 0;
  d.until = now + fault.lasts;
  return d;
}

std::string hosts_text(std::size_t n) { return std::to_string(n) + (n == 1 ? " host" : " hosts"); }

}  // namespace

Faults::Faults(World& world) : world_(world), partitions_(world.network()) {
  const std::vector<Fault>& faults = world.scenario().faults;
  for (std::size_t i = 0; i < faults.size(); ++i)
    world.network().at(Instant{} + faults[i].at, kPublisherHost, [this, i] { begin(i); });
}

void Faults::begin(std::size_t index) {
  const Fault& fault = this->fault(index);
  Network& network = world_.network();
  if (fault.kind == Fault::Kind::kJoin) {
    world_.recorder().on_mark(network.now(), describe(fault) + ": " + hosts_text(fault.count), fault.within);
    return join(fault);
  }
  std::vector<HostId> chosen = victims(fault, index);
  world_.recorder().on_mark(network.now(), describe(fault) + ": " + hosts_text(chosen.size()),
                            fault.within + fault.lasts);
  if (fault.kind == Fault::Kind::kPartition) return partition(index, chosen);

  const std::unique_ptr<Rng> rng = world_.rng().fork("fault times " + std::to_string(index));
  Draws draws(*rng);
  // Swizzled ones are freed in another order than they were clogged in.
  const bool swizzle = fault.kind == Fault::Kind::kSwizzle;
  for (const HostId host : chosen) {
    const Duration begins = draws.between({}, fault.within + (swizzle ? fault.lasts / 2 : Duration::zero()));
    const Duration ends = swizzle ? fault.within + draws.between(fault.lasts / 2, fault.lasts) : begins + fault.lasts;
    network.at(network.now() + begins, host, [this, index, host] { befall(index, host); });
    if (has_an_end(fault.kind)) network.at(network.now() + ends, host, [this, index, host] { relieve(index, host); });
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

bool Faults::end(std::size_t index, HostId host) {
  const auto it = now_.find(host);
  return it != now_.end() && it->second.erase(index) > 0;
}

template <typename What>
bool Faults::suffers(HostId host, What what) const {
  const auto it = now_.find(host);
  return it != now_.end() &&
         std::ranges::any_of(it->second, [&](std::size_t index) { return what(fault(index).kind); });
}

void Faults::befall(std::size_t index, HostId host) {
  const Fault& fault = this->fault(index);
  Network& network = world_.network();
  if (!network.present(host)) return;
  if (makes_useless(fault.kind)) world_.recorder().on_unavailable(host, network.now());
  if (ends_by_itself(fault.kind)) return network.disturb(host, disturbance_of(fault, network.now()));
  if (fault.kind == Fault::Kind::kCrash) crash(fault, host);
  if (has_an_end(fault.kind)) now_[host].insert(index);
  switch (fault.kind) {
    case Fault::Kind::kKill:
      return world_.kill(host);
    case Fault::Kind::kLeave:
      return world_.leave(host);
    case Fault::Kind::kPause:
      return network.pause(host);
    case Fault::Kind::kClog:
    case Fault::Kind::kSwizzle:
      return network.clog(host, true);
    case Fault::Kind::kClockJump:
      return network.jump_clock(host, fault.by);
    case Fault::Kind::kUdpBlock:
      return network.block_udp(host);
    case Fault::Kind::kNatRebind:
      return network.rebind_nat(host, fault.new_address);
    default:
      return;
  }
}

// A pause is of a process, and ends with it; what is wrong with the host's network stays.
void Faults::crash(const Fault& fault, HostId host) {
  std::erase_if(now_[host], [this](std::size_t index) { return pauses(this->fault(index).kind); });
  world_.crash(host, fault.keeps_state);
}

void Faults::relieve(std::size_t index, HostId host) {
  if (!end(index, host)) return;
  const Fault::Kind kind = fault(index).kind;
  if (kind == Fault::Kind::kCrash) return world_.come_back(host);
  if (makes_useless(kind) && !suffers(host, makes_useless)) world_.recorder().on_available(host);
  if (pauses(kind) && !suffers(host, pauses)) world_.network().resume(host);
  if (clogs(kind) && !suffers(host, clogs)) world_.network().clog(host, false);
}

void Faults::partition(std::size_t index, const std::vector<HostId>& group) {
  Network& network = world_.network();
  for (const HostId host : group) {
    now_[host].insert(index);
    world_.recorder().on_unavailable(host, network.now());
  }
  partitions_.begin(index, group, fault(index).one_way);
  network.at(network.now() + fault(index).lasts, kPublisherHost, [this, index, group] {
    partitions_.end(index);
    for (const HostId host : group)
      if (end(index, host) && !suffers(host, makes_useless)) world_.recorder().on_available(host);
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
