#include "libcore/sim/nat_network.h"

#include <string>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::uint16_t kPort = 7400;
constexpr std::uint8_t kFirstOfBoxes = 201;

std::uint32_t number_of(const Address& address, std::uint8_t first) {
  return (std::uint32_t{address.ip[12]} - first) << 16 | std::uint32_t{address.ip[13]} << 8 | address.ip[14];
}

Address numbered(std::uint32_t number, std::uint8_t first, std::uint16_t port) {
  return Address::v4(static_cast<std::uint8_t>(first + (number >> 16)), static_cast<std::uint8_t>(number >> 8 & 255),
                     static_cast<std::uint8_t>(number & 255), 1, port);
}

}  // namespace

Address host_address(HostId host) {
  SPATE_CHECK(host < kHostsMax);
  return numbered(host, 1, kPort);
}

HostId host_with(const Address& address) {
  if (address.port != kPort || address.ip[15] != 1 || !address.is_v4()) return kHostsMax;
  if (address.ip[12] == 0 || address.ip[12] >= kFirstOfBoxes) return kHostsMax;
  return number_of(address, 1);
}

BoxId NatNetwork::box_at(const Address& address) const {
  if (address.ip[12] < kFirstOfBoxes || address.ip[15] == 0 || !address.is_v4()) return kNoBox;
  const BoxId box = number_of(address, kFirstOfBoxes);
  return box < boxes_.size() ? box : kNoBox;
}

BoxId NatNetwork::add_box(const NatConfig& config, BoxId behind) {
  const auto box = static_cast<BoxId>(boxes_.size());
  SPATE_CHECK(box < kBoxesMax && (behind == kNoBox || behind < box));
  boxes_.push_back({NatBox(config, numbered(box, kFirstOfBoxes, 0), *rng_->fork(std::to_string(box))), behind});
  return box;
}

void NatNetwork::add_host(BoxId box) {
  SPATE_CHECK(box == kNoBox || box < boxes_.size());
  hosts_.push_back(box);
}

NatNetwork::Way NatNetwork::way(HostId from, const Address& to, Instant now) {
  const HostId to_host = host_with(to);
  const BoxId to_box = box_at(to);
  if (to_box == kNoBox && to_host >= hosts_.size()) return {};
  const BoxId to_realm = to_box != kNoBox ? boxes_[to_box].behind : hosts_[to_host];

  Way way{Found::kFiltered, 0, host_address(from), to};
  for (BoxId realm = hosts_[from]; realm != to_realm; realm = boxes_[realm].behind) {
    if (realm == kNoBox) return way;  // an address of somebody's inside means nothing out here
    NatBox& box = boxes_[realm].nat;
    const bool turns_here = realm == to_box;
    if (turns_here && !box.config().type.hairpin) return way;
    way.from = box.outbound(way.from, to, now);
    if (turns_here) break;
  }

  if (const std::optional<HostId> host = host_at(to)) {
    way.host = *host;
    way.found = Found::kHost;
  }
  return way;
}

std::optional<HostId> NatNetwork::host_at(const Address& address) const {
  Address at = address;
  for (BoxId box = box_at(at); box != kNoBox; box = box_at(at)) {
    const std::optional<Address> inside = boxes_[box].nat.holder(at);
    if (!inside) return std::nullopt;
    at = *inside;
  }
  const HostId host = host_with(at);
  return host < hosts_.size() ? std::optional(host) : std::nullopt;
}

bool NatNetwork::admits(HostId host, const Address& from, const Address& to, Instant now) const {
  Address at = to;
  for (BoxId box = box_at(at); box != kNoBox; box = box_at(at)) {
    const std::optional<Address> inside = boxes_[box].nat.inbound(at, from, now);
    if (!inside) return false;
    at = *inside;
  }
  return host_with(at) == host;
}

}  // namespace spate::sim
