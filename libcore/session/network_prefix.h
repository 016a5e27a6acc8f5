// Whom a limit per address counts as one: an IPv4 address, or the 64-bit IPv6 network that is given to one customer,
// who has every address in it. The port does not count.
#pragma once

#include <algorithm>

#include "libcore/base/address.h"

namespace spate::session {

using NetworkPrefix = ByteArray<16>;

inline NetworkPrefix network_of(const Address& address) {
  NetworkPrefix prefix = address.ip;
  if (!address.is_v4()) std::fill(prefix.begin() + 8, prefix.end(), std::uint8_t{0});
  return prefix;
}

}  // namespace spate::session
