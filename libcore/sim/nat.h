// A box that translates addresses between a network of its own and the one outside (RFC 4787's terms).
//
// It has one address outside. What is sent from inside opens a mapping from the sender's address to a port of the box,
// and lets the receiver in; what comes from outside passes if it is to a mapped port, from somebody who is let in. Both
// end when nothing was sent from inside for `timeout`; what comes in prolongs nothing. Boxes may stand behind one
// another: to the outer one, the inner one's address is that of a sender like others.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "libcore/base/address.h"
#include "libcore/base/time.h"
#include "libcore/sim/draws.h"

namespace spate::sim {

// On what something depends, beside the address inside.
enum class NatScope : std::uint8_t {
  kAny,      // nothing: endpoint-independent
  kAddress,  // the remote IP address
  kPort,     // the remote IP address and port
};
enum class NatPorts : std::uint8_t {
  kPreserving,  // the same as inside, or the next that is free
  kContiguous,  // the next after the last one
  kRandom,
};

struct NatConfig {
  NatScope mapping = NatScope::kAny;
  NatScope filtering = NatScope::kPort;
  NatPorts ports = NatPorts::kPreserving;
  Duration timeout = std::chrono::seconds(120);
  bool hairpin = false;             // hosts inside reach one another at their addresses outside
  std::uint32_t flows_max = 8'192;  // mappings, and permissions for remote hosts; beyond, nothing new passes
};

class NatBox {
 public:
  // The port of the address is not used. `rng` is this box's own.
  NatBox(const NatConfig& config, const Address& outside, const Rng& rng);

  bool hairpin() const { return config_.hairpin; }
  bool owns(const Address& address) const { return address.ip == outside_.ip; }

  // The address that a datagram sent from inside has outside. Nothing: there is no room for it, and it is dropped.
  std::optional<Address> outbound(const Address& inside, const Address& remote, Instant now);
  // Whom a datagram from outside to that port of the box is for. Nothing: it is dropped.
  std::optional<Address> inbound(std::uint16_t port, const Address& remote, Instant now) const;
  // Whose a port is, or was last, whether or not anything would pass.
  std::optional<Address> holder(std::uint16_t port) const;

  // It restarts: nothing is open, and the ports of what will be are others than before.
  void rebind();

  std::size_t flows() const { return mappings_.size() + permits_.size(); }

 private:
  struct Key {
    Address inside;  // of a permit: no address, the box's port
    Address remote;  // as much of it as counts
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Mapping {
    std::uint16_t port;
    Instant ends;
  };
  struct Port {
    Key mapping;
    Instant ends;
  };

  bool make_room(std::size_t more, Instant now);
  void forget_port(const Key& mapping);
  std::optional<std::uint16_t> free_port(std::uint16_t inside, Instant now);
  bool taken(std::uint16_t port, Instant now) const;

  NatConfig config_;
  Address outside_;
  Draws draws_;
  std::uint16_t shift_ = 0;  // of preserved ports, since the last restart
  std::uint16_t next_port_;
  std::unordered_map<Key, Mapping, KeyHash> mappings_;
  std::unordered_map<std::uint16_t, Port> ports_;
  std::unordered_map<Key, Instant, KeyHash> permits_;  // and when they end
};

struct NatType {
  NatScope mapping;
  NatPorts ports;
  NatScope filtering;
  std::uint32_t share_ppm;
};
// The types that people have, and their shares.
std::span<const NatType> nat_types();
// A box as somebody may have it: a type, a timeout, and hairpinning or not.
NatConfig draw_nat(Draws& draws);

}  // namespace spate::sim
