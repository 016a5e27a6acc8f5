// Who has which address, and the boxes that stand between hosts and the rest.
//
// Every host has an address, and so has every box. Those of hosts that stand behind the same box, or behind none, reach
// one another directly; another's address is reached through the boxes on the way, out and in. A box may stand behind
// another (carrier-grade translation), and may have several hosts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/rng.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/nat.h"

namespace spate::sim {

using BoxId = std::uint32_t;
inline constexpr BoxId kNoBox = UINT32_MAX;

// Every host and every box has a /24 of its own, so that a node may spread its parents over networks: hosts have
// 1.0.0.1, 1.0.1.1, ... up to 200.255.255.1, and one port; boxes have 201.0.0.1, 201.0.1.1, ... up to 223.255.255.1,
// and of those networks other addresses if they are renumbered.
inline constexpr HostId kHostsMax = 200u << 16;
inline constexpr BoxId kBoxesMax = 23u << 16;
Address host_address(HostId host);
// kHostsMax if no host may have it.
HostId host_with(const Address& address);

class NatNetwork {
 public:
  // A generator for each box is forked from `rng`.
  explicit NatNetwork(const Rng& rng) : rng_(rng.fork("nat")) {}

  // A box whose outside is inside the box `behind`, or the network.
  BoxId add_box(const NatConfig& config, BoxId behind = kNoBox);
  // Hosts come in their order.
  void add_host(BoxId box);
  BoxId box_of(HostId host) const { return hosts_[host]; }
  NatBox& box(BoxId box) { return boxes_[box].nat; }

  enum class Found : std::uint8_t { kHost, kNobody, kFiltered };
  struct Way {
    Found found = Found::kNobody;
    HostId host = 0;  // if found
    // As they are where the way turns from outwards to inwards.
    Address from{};
    Address to{};
  };
  // The way of a datagram that a host sends: opens what it opens in the boxes on the way out. Who lets it in is asked
  // when it comes there (admits()); but a port that is nobody's leads nowhere.
  Way way(HostId from, const Address& to, Instant now);
  // Whom an address leads to; nothing if it is nobody's, or of a box's port that has no mapping.
  std::optional<HostId> host_at(const Address& address) const;
  // Whether the boxes on the way in let it through to that host.
  bool admits(HostId host, const Address& from, const Address& to, Instant now) const;

 private:
  struct Box {
    NatBox nat;
    BoxId behind;
  };
  // Whose network it is of; kNoBox if it is no box's.
  BoxId box_at(const Address& address) const;

  std::unique_ptr<Rng> rng_;
  std::vector<Box> boxes_;
  std::vector<BoxId> hosts_;  // by host, the box it is behind
};

}  // namespace spate::sim
