// A box that translates addresses between hosts inside and the network outside (RFC 4787's terms).
//
// It has one IP address outside. What is sent from inside opens a mapping from the sender's address to a port of the
// box, and lets its receiver in; what comes from outside passes if it is to a mapped port, and from somebody who is
// let in. Both end when nothing was sent that way from inside for `idle_timeout`; what comes in prolongs nothing. Boxes
// may stand behind one another: to the outer one, the inner one's address is that of a sender like others.
//
// Pure data, no events: an ended mapping passes nothing, and is cleared away when the next one opens. A datagram of a
// mapping that is open allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "libcore/base/address.h"
#include "libcore/base/time.h"
#include "libcore/sim/draws.h"

namespace spate::sim {

// How much of the remote address a mapping or a permission is for.
enum class NatRule : std::uint8_t {
  kEndpoint,        // none: independent of it
  kAddress,         // the IP address
  kAddressAndPort,  // all
};

// The port of a new mapping, among those that are free.
enum class PortChoice : std::uint8_t {
  kPreserving,  // the one inside; if it is taken, the next after the last that was chosen for that reason
  kContiguous,  // the next after the last one
  kRandom,
};

struct NatType {
  NatRule mapping = NatRule::kEndpoint;
  NatRule filtering = NatRule::kAddressAndPort;
  PortChoice allocation = PortChoice::kPreserving;
  bool hairpin = false;  // hosts inside reach one another at their addresses outside
};

struct NatConfig {
  NatType type;
  Duration idle_timeout = std::chrono::seconds(120);
  std::uint32_t mappings_max = 4'096;   // at most kMappingsMax; the longest idle makes room
  std::uint32_t permissions_max = 256;  // of a mapping; the longest idle makes room
};

class NatBox {
 public:
  static constexpr std::uint32_t kMappingsMax = 32'768;  // half the ports: a free one is found soon

  // The port of `outside` is not used. All randomness comes from a fork of `rng`.
  NatBox(const NatConfig& config, const Address& outside, const Rng& rng);

  const NatConfig& config() const { return config_; }
  bool owns(const Address& address) const { return address.ip == outside_.ip; }

  // The public address that a datagram from inside leaves with. Times never go back, here and below.
  Address outbound(const Address& inside, const Address& to, Instant now);
  // Whom a datagram from outside to one of the box's addresses is for; nothing if it does not pass.
  std::optional<Address> inbound(const Address& outside_port, const Address& from, Instant now) const;
  // Who has the mapping of one of the box's addresses, whether or not anything would pass.
  std::optional<Address> holder(const Address& outside_port) const;

  // All mappings are forgotten, and those that follow have other ports, as after a restart.
  void rebind();
  // And another address in the same network, the last byte of which is never 0.
  void renumber();

  std::size_t mappings() const { return by_key_.size(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Key {
    Address inside;
    Address remote;  // the part that counts
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Permission {
    Address remote;  // the part that counts
    Instant last_sent;
  };
  // In a list from the longest idle to the last one used.
  struct Mapping {
    Key key;
    std::uint16_t port = 0;
    Instant last_sent{};
    std::uint32_t before = kNone;
    std::uint32_t after = kNone;
    std::vector<Permission> permissions{};  // roughly, the more used the further ahead
  };

  bool ended(Instant last_sent, Instant now) const { return now - last_sent >= config_.idle_timeout; }
  std::uint32_t open(const Key& key, Instant now);
  void close(std::uint32_t mapping);
  void link_last(std::uint32_t mapping);
  void unlink(std::uint32_t mapping);
  void permit(Mapping& mapping, const Address& remote, Instant now) const;
  const Mapping* mapping_of(const Address& outside_port) const;
  std::uint16_t free_port(std::uint16_t inside);
  std::uint16_t next_free_port();

  NatConfig config_;
  Address outside_;
  Draws draws_;
  std::uint16_t next_port_;
  std::uint16_t shift_ = 0;  // of preserved ports, since the last restart
  std::vector<Mapping> mappings_;
  std::vector<std::uint32_t> free_;  // of mappings_
  std::uint32_t longest_idle_ = kNone;
  std::uint32_t last_used_ = kNone;
  std::unordered_map<Key, std::uint32_t, KeyHash> by_key_;
  std::unordered_map<std::uint16_t, std::uint32_t> by_port_;
};

struct NatShare {
  NatType type;
  std::uint32_t ppm;  // of the hosts behind a box; a million together
};
// The types that people have.
std::span<const NatShare> nat_shares();
// A box as somebody has it: a type, hairpinning or not, and an idle timeout.
NatConfig draw_nat(Rng& rng);

}  // namespace spate::sim
