#include "libcore/sim/nat.h"

#include <array>
#include <cstring>
#include <utility>

#include "libcore/base/check.h"
#include "libcore/sim/digest.h"

namespace spate::sim {
namespace {

constexpr std::uint32_t kPortMin = 1'024;
constexpr std::uint32_t kPorts = 65'536 - kPortMin;
// A restart moves preserved ports by this. It has no divisor in common with their number: all come before one is back.
constexpr std::uint32_t kRebindShift = 4'099;

std::uint16_t port_at(std::uint32_t place) { return static_cast<std::uint16_t>(kPortMin + place % kPorts); }

Address part(const Address& remote, NatRule rule) {
  switch (rule) {
    case NatRule::kEndpoint:
      return {};
    case NatRule::kAddress:
      return {remote.ip, 0};
    case NatRule::kAddressAndPort:
      break;
  }
  return remote;
}

std::uint64_t hash_of(const Address& address) {
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), address.ip.data(), sizeof halves);
  return Digest::mix(halves[0] ^ Digest::mix(halves[1] ^ address.port));
}

constexpr NatShare share(NatRule mapping, PortChoice allocation, NatRule filtering, std::uint32_t ppm) {
  return {{mapping, filtering, allocation, false}, ppm};
}

constexpr NatRule kEi = NatRule::kEndpoint;
constexpr NatRule kAd = NatRule::kAddress;
constexpr NatRule kPd = NatRule::kAddressAndPort;

// From the default table of the GVoD and NatTraverser programs (KTH and SICS).
constexpr std::array<NatShare, 13> kShares = {{
    share(kEi, PortChoice::kPreserving, kPd, 466'000),
    share(kPd, PortChoice::kRandom, kPd, 124'000),
    share(kEi, PortChoice::kRandom, kPd, 99'000),
    share(kEi, PortChoice::kPreserving, kEi, 93'000),
    share(kEi, PortChoice::kRandom, kEi, 77'000),
    share(kEi, PortChoice::kPreserving, kAd, 46'000),
    share(kEi, PortChoice::kContiguous, kEi, 44'000),
    share(kPd, PortChoice::kPreserving, kPd, 26'000),
    share(kPd, PortChoice::kPreserving, kEi, 7'000),
    share(kPd, PortChoice::kRandom, kEi, 6'000),
    share(kEi, PortChoice::kContiguous, kPd, 6'000),
    share(kEi, PortChoice::kRandom, kAd, 4'000),
    share(kAd, PortChoice::kRandom, kPd, 2'000),
}};

struct TimeoutShare {
  Duration timeout;
  std::uint32_t ppm;
};
constexpr std::array<TimeoutShare, 4> kTimeouts = {{
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
    if (at < row.ppm) return row;
    at -= row.ppm;
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
  SPATE_CHECK(config.idle_timeout > Duration::zero());
  SPATE_CHECK(config.mappings_max > 0 && config.mappings_max <= kMappingsMax && config.permissions_max > 0);
}

Address NatBox::outbound(const Address& inside, const Address& to, Instant now) {
  const Key key{inside, part(to, config_.type.mapping)};
  const auto known = by_key_.find(key);
  std::uint32_t index = kNone;
  if (known != by_key_.end() && !ended(mappings_[known->second].last_sent, now)) {
    index = known->second;
    unlink(index);
  } else {
    index = open(key, now);
  }
  link_last(index);
  Mapping& mapping = mappings_[index];
  mapping.last_sent = now;
  if (config_.type.filtering != NatRule::kEndpoint) permit(mapping, part(to, config_.type.filtering), now);
  return {outside_.ip, mapping.port};
}

std::optional<Address> NatBox::inbound(const Address& outside_port, const Address& from, Instant now) const {
  const Mapping* mapping = mapping_of(outside_port);
  if (mapping == nullptr || ended(mapping->last_sent, now)) return std::nullopt;
  if (config_.type.filtering == NatRule::kEndpoint) return mapping->key.inside;
  const Address remote = part(from, config_.type.filtering);
  for (const Permission& permission : mapping->permissions)
    if (permission.remote == remote)
      return ended(permission.last_sent, now) ? std::nullopt : std::optional(mapping->key.inside);
  return std::nullopt;
}

std::optional<Address> NatBox::holder(const Address& outside_port) const {
  const Mapping* mapping = mapping_of(outside_port);
  return mapping == nullptr ? std::nullopt : std::optional(mapping->key.inside);
}

void NatBox::rebind() {
  while (longest_idle_ != kNone) close(longest_idle_);
  shift_ = static_cast<std::uint16_t>((shift_ + kRebindShift) % kPorts);
}

void NatBox::renumber() {
  rebind();
  std::uint8_t& last = outside_.ip.back();
  last = last == UINT8_MAX ? std::uint8_t{1} : static_cast<std::uint8_t>(last + 1);
}

const NatBox::Mapping* NatBox::mapping_of(const Address& outside_port) const {
  if (!owns(outside_port)) return nullptr;
  const auto found = by_port_.find(outside_port.port);
  return found == by_port_.end() ? nullptr : &mappings_[found->second];
}

// A new mapping, not in the list yet. Those that have ended go first, one of the same key among them.
std::uint32_t NatBox::open(const Key& key, Instant now) {
  while (longest_idle_ != kNone && ended(mappings_[longest_idle_].last_sent, now)) close(longest_idle_);
  if (by_key_.size() >= config_.mappings_max) close(longest_idle_);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(mappings_.size()));
    mappings_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Mapping& mapping = mappings_[index];
  mapping.key = key;
  mapping.port = free_port(key.inside.port);
  mapping.permissions.clear();
  by_key_.emplace(key, index);
  by_port_.emplace(mapping.port, index);
  return index;
}

void NatBox::close(std::uint32_t index) {
  unlink(index);
  by_key_.erase(mappings_[index].key);
  by_port_.erase(mappings_[index].port);
  free_.push_back(index);
}

void NatBox::link_last(std::uint32_t index) {
  mappings_[index].before = last_used_;
  mappings_[index].after = kNone;
  (last_used_ == kNone ? longest_idle_ : mappings_[last_used_].after) = index;
  last_used_ = index;
}

void NatBox::unlink(std::uint32_t index) {
  const Mapping& mapping = mappings_[index];
  (mapping.before == kNone ? longest_idle_ : mappings_[mapping.before].after) = mapping.after;
  (mapping.after == kNone ? last_used_ : mappings_[mapping.after].before) = mapping.before;
}

void NatBox::permit(Mapping& mapping, const Address& remote, Instant now) const {
  auto& permissions = mapping.permissions;
  std::size_t longest_idle = 0;
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    if (permissions[i].remote == remote) {
      permissions[i].last_sent = now;
      std::swap(permissions[i], permissions[i / 2]);
      return;
    }
    if (permissions[i].last_sent < permissions[longest_idle].last_sent) longest_idle = i;
  }
  const bool replaces = !permissions.empty() && (permissions.size() >= config_.permissions_max ||
                                                 ended(permissions[longest_idle].last_sent, now));
  if (replaces)
    permissions[longest_idle] = {remote, now};
  else
    permissions.push_back({remote, now});
}

std::uint16_t NatBox::free_port(std::uint16_t inside) {
  switch (config_.type.allocation) {
    case PortChoice::kPreserving: {
      // Ports below 1,024 are moved into the range.
      const std::uint16_t wanted = port_at(inside + kPorts - kPortMin + shift_);
      return by_port_.contains(wanted) ? next_free_port() : wanted;
    }
    case PortChoice::kContiguous:
      return next_free_port();
    case PortChoice::kRandom:
      break;
  }
  for (;;) {
    const std::uint16_t port = port_at(static_cast<std::uint32_t>(draws_.below(kPorts)));
    if (!by_port_.contains(port)) return port;
  }
}

std::uint16_t NatBox::next_free_port() {
  for (;;) {
    const std::uint16_t port = next_port_;
    next_port_ = port_at(next_port_ - kPortMin + 1u);
    if (!by_port_.contains(port)) return port;
  }
}

std::span<const NatShare> nat_shares() { return kShares; }

NatConfig draw_nat(Rng& rng) {
  Draws draws(rng);
  NatConfig config;
  config.type = drawn(kShares, draws).type;
  config.type.hairpin = draws.chance_ppm(kHairpinPpm);
  config.idle_timeout = drawn(kTimeouts, draws).timeout;
  return config;
}

}  // namespace spate::sim
