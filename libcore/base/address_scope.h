// How far an address reaches, and so whose word on it is worth anything.
#pragma once

#include <cstdint>

#include "libcore/base/address.h"

namespace spate {

// The nearer first.
enum class Scope : std::uint8_t {
  kLoopback,  // 127.0.0.0/8, ::1
  kLink,      // 169.254.0.0/16, fe80::/10
  kPrivate,   // RFC 1918, RFC 6598 (a carrier's), fc00::/7
  kPublic,    // all others at which a host can be
  kNone,      // unspecified, multicast, broadcast, reserved: no host is there
};
Scope scope_of(const Address& address);

// May we send to that address because somebody at `informant` says so? It must be a host's, with a port that no system
// service has (1,024 or above), and not nearer to us than who names it: a stranger far away has no business with our
// own host and network, while on one host, or in one private network, all is as it is elsewhere.
bool may_be_told(const Address& address, const Address& informant);

}  // namespace spate
