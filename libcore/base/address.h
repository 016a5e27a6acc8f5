// A transport address: IPv6 or IPv4-mapped IPv6, and a UDP port. Its text form is io/'s affair.
#pragma once

#include <compare>
#include <cstdint>

#include "libcore/base/bytes.h"

namespace spate {

struct Address {
  ByteArray<16> ip{};      // network order; IPv4 as ::ffff:a.b.c.d
  std::uint16_t port = 0;  // host order
  auto operator<=>(const Address&) const = default;

  bool is_v4() const {
    for (int i = 0; i < 10; ++i)
      if (ip[static_cast<std::size_t>(i)] != 0) return false;
    return ip[10] == 0xff && ip[11] == 0xff;
  }
  static Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, port};
  }
};

}  // namespace spate
