// A transport address: IPv6 or IPv4-mapped IPv6, and a port of UDP or TCP. Its text form is io/'s affair.
#pragma once

#include <compare>
#include <cstdint>

#include "libcore/base/bytes.h"

namespace spate {

// TCP is for paths that carry no UDP. What travels in messages is UDP always: an address over TCP is no more than the
// far end of a connection, of use to nobody but its two ends, and never named to others.
enum class Transport : std::uint8_t { kUdp, kTcp };

struct Address {
  ByteArray<16> ip{};      // network order; IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;  // host order
  Transport transport = Transport::kUdp;
  auto operator<=>(const Address&) const = default;

  bool is_v4() const {
    for (int i = 0; i < 10; ++i)
      if (ip[static_cast<std::size_t>(i)] != 0) return false;
    return ip[10] == 0xff && ip[11] == 0xff;
  }
  bool is_tcp() const { return transport == Transport::kTcp; }
  // The same host and port.
  Address over_udp() const { return {ip, port, Transport::kUdp}; }
  Address over_tcp() const { return {ip, port, Transport::kTcp}; }
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, port};
  }
};

}  // namespace spate
