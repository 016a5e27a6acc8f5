// How far an address reaches, and so whose word on it is worth anything.
#pragma once

#include <cstdint>

#include "libcore/base/address.h"

namespace spate {

// The nearer first. An IPv6 address that stands for an IPv4 one, and leads there by a translator or a relay
// (64:ff9b::/96, 2002::/16), reaches as far as that.
enum class Scope : std::uint8_t {
  kLoopback,  // 127.0.0.0/8, ::1
  kLink,      // 169.254.0.0/16, fe80::/10
  kPrivate,   // RFC 1918, RFC 6598 (a carrier's), fc00::/7, fec0::/10, 64:ff9b:1::/48
  kPublic,    // all others at which a host can be
  kNone,      // unspecified, multicast, broadcast, reserved: no host is there
};
Scope scope_of(const Address& address);

// May we send to that address because somebody at `informant` says so? It must be a host's, with a port that no system
// service has (1,024 or above), and not nearer to us than who names it: a stranger far away has no business with our
// own host and network, while on one host, or in one private network, all is as it is elsewhere. An informant in
// 64:ff9b:1::/48 counts as public: what is behind a network's own translator may be anybody in the IPv4 Internet.
//
// Private networks are not told apart. So peers of several that are routed to each other may name each other; but where
// peers with public addresses are routed to peers with private ones, what the former say of the latter is refused:
// those meet only by the link's hosts, and by naming each other.
bool may_be_told(const Address& address, const Address& informant);

}  // namespace spate
