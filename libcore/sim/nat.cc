#include "libcore/sim/nat.h"

#include <array>
#include <cstring>

#include "libcore/base/check.h"
#include "libcore/sim/digest.h"

namespace spate::sim {
namespace {

constexpr std::uint16_t kPortMin = 1'024;
constexpr std::uint32_t kPorts = 65'536 - kPortMin;
// A restart moves ports by this; no divisor of their number, so that it takes long until one comes back.
constexpr std::uint16_t kRebindShift = 4'099;
constexpr int kPortAttempts = 1'000;

Address part(const Address& remote, NatScope scope) {
  switch (scope) {
    case NatScope::kAny:
      return {};
    case NatScope::kAddress:
      return {remote.ip, 0};
    default:
      return remote;
  }
}

std::uint16_t port_at(std::uint32_t place) { return static_cast<std::uint16_t>(kPortMin + place % kPorts); }

std::uint64_t hash_of(const Address& address) {
  std::uint64_t halves[2];
  std::memcpy(halves, address.ip.data(), sizeof halves);
  return Digest::mix(halves[0] ^ Digest::mix(halves[1] ^ address.port));
}

// From a table of the GVoD and NatTraverser programs (KTH and SICS), thousandths of the hosts that are behind a box.
constexpr NatScope kEi = NatScope::kAny;
constexpr NatScope kHd = NatScope::kAddress;
constexpr NatScope kPd = NatScope::kPort;
constexpr std::array<NatType, 13> kTypes = {{
    {kEi, NatPorts::kPreserving, kPd, 466'000},
    {kPd, NatPorts::kRandom, kPd, 124'000},
    {kEi, NatPorts::kRandom, kPd, 99'000},
    {kEi, NatPorts::kPreserving, kEi, 93'000},
    {kEi, NatPorts::kRandom, kEi, 77'000},
    {kEi, NatPorts::kPreserving, kHd, 46'000},
    {kEi, NatPorts::kContiguous, kEi, 44'000},
    {kPd, NatPorts::kPreserving, kPd, 26'000},
    {kPd, NatPorts::kPreserving, kEi, 7'000},
    {kPd, NatPorts::kRandom, kEi, 6'000},
    {kEi, NatPorts::kContiguous, kPd, 6'000},
    {kEi, NatPorts::kRandom, kHd, 4'000},
    {kHd, NatPorts::kRandom, kPd, 2'000},
}};

struct Timeout {
  Duration timeout;
  std::uint32_t share_ppm;
};
constexpr std::array<Timeout, 4> kTimeouts = {{
    {std::chrono::seconds(30), 150'000},
    {std::chrono::seconds(60), 250'000},
    {std::chrono::seconds(120), 300'000},
    {std::chrono::seconds(240), 300'000},
}};
constexpr std::uint32_t kHairpinPpm = 500'000;

template <typename Table>
const auto& drawn(const Table& table, Draws& draws) {
  std::uint64_t at = draws.below(kMillion);
  for (const auto& row : table) {
    if (at < row.share_ppm) return row;
    at -= row.share_ppm;
  }
  return table.back();
}

}  // namespace

std::size_t NatBox::KeyHash::operator()(const Key& key) const {
  return static_cast<std::size_t>(hash_of(key.inside) * 3 ^ hash_of(key.remote));
}

NatBox::NatBox(const NatConfig& config, const Address& outside, const Rng& rng)
    : config_(config),
      outside_(outside),
      draws_(*rng.fork("ports")),
      next_port_(port_at(static_cast<std::uint32_t>(draws_.below(kPorts)))) {
  SPATE_CHECK(config.timeout > Duration::zero() && config.flows_max > 0);
}

std::optional<Address> NatBox::outbound(const Address& inside, const Address& remote, Instant now) {
  const Key key{inside, part(remote, config_.mapping)};
  const auto known = mappings_.find(key);
  const bool open = known != mappings_.end() && known->second.ends > now;
  const std::optional<std::uint16_t> port = open ? known->second.port : free_port(inside.port, now);
  if (!port) return std::nullopt;
  const bool filters = config_.filtering != NatScope::kAny;
  const Key permit{{{}, *port}, part(remote, config_.filtering)};
  const std::size_t more = (open ? 0u : 1u) + (filters && !permits_.contains(permit) ? 1u : 0u);
  if (more > 0 && !make_room(more, now)) return std::nullopt;
  if (!open) forget_port(key);
  const Instant ends = now + config_.timeout;
  mappings_.insert_or_assign(key, Mapping{*port, ends});
  ports_.insert_or_assign(*port, Port{key, ends});
  if (filters) permits_.insert_or_assign(permit, ends);
  return Address{outside_.ip, *port};
}

// Of a mapping that has ended, unless it is another's by now.
void NatBox::forget_port(const Key& mapping) {
  const auto old = mappings_.find(mapping);
  if (old == mappings_.end()) return;
  const auto port = ports_.find(old->second.port);
  if (port != ports_.end() && port->second.mapping == mapping) ports_.erase(port);
}

std::optional<Address> NatBox::inbound(std::uint16_t port, const Address& remote, Instant now) const {
  const auto found = ports_.find(port);
  if (found == ports_.end() || found->second.ends <= now) return std::nullopt;
  if (config_.filtering != NatScope::kAny) {
    const auto permit = permits_.find({{{}, port}, part(remote, config_.filtering)});
    if (permit == permits_.end() || permit->second <= now) return std::nullopt;
  }
  return found->second.mapping.inside;
}

std::optional<Address> NatBox::holder(std::uint16_t port) const {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return std::nullopt;
  return found->second.mapping.inside;
}

void NatBox::rebind() {
  mappings_.clear();
  ports_.clear();
  permits_.clear();
  shift_ = static_cast<std::uint16_t>(shift_ + kRebindShift);
}

// Once the tables are full, what has ended is cleared away.
bool NatBox::make_room(std::size_t more, Instant now) {
  if (flows() + more <= config_.flows_max) return true;
  std::erase_if(permits_, [now](const auto& permit) { return permit.second <= now; });
  std::erase_if(mappings_, [now](const auto& mapping) { return mapping.second.ends <= now; });
  std::erase_if(ports_, [now](const auto& port) { return port.second.ends <= now; });
  return flows() + more <= config_.flows_max;
}

bool NatBox::taken(std::uint16_t port, Instant now) const {
  const auto found = ports_.find(port);
  return found != ports_.end() && found->second.ends > now;
}

std::optional<std::uint16_t> NatBox::free_port(std::uint16_t inside, Instant now) {
  const auto place = static_cast<std::uint32_t>(inside - kPortMin + kPorts + shift_);
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    std::uint16_t port = 0;
    switch (config_.ports) {
      case NatPorts::kPreserving:
        port = port_at(place + static_cast<std::uint32_t>(attempt));
        break;
      case NatPorts::kContiguous:
        port = next_port_;
        next_port_ = port_at(next_port_ - kPortMin + 1u);
        break;
      case NatPorts::kRandom:
        port = port_at(static_cast<std::uint32_t>(draws_.below(kPorts)));
        break;
    }
    if (!taken(port, now)) return port;
  }
  return std::nullopt;
}

std::span<const NatType> nat_types() { return kTypes; }

NatConfig draw_nat(Draws& draws) {
  const NatType& type = drawn(kTypes, draws);
  NatConfig config;
  config.mapping = type.mapping;
  config.ports = type.ports;
  config.filtering = type.filtering;
  config.timeout = drawn(kTimeouts, draws).timeout;
  config.hairpin = draws.chance_ppm(kHairpinPpm);
  return config;
}

}  // namespace spate::sim
