#include "libcore/base/address_scope.h"

#include <algorithm>
#include <initializer_list>

namespace spate {
namespace {

constexpr std::uint16_t kFirstFreePort = 1'024;

Scope scope_of_v4(std::uint8_t a, std::uint8_t b) {
  if (a == 0 || a >= 224) return Scope::kNone;
  if (a == 127) return Scope::kLoopback;
  if (a == 169 && b == 254) return Scope::kLink;
  const bool rfc1918 = a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168);
  const bool carrier = a == 100 && (b & 0xc0) == 64;
  return rfc1918 || carrier ? Scope::kPrivate : Scope::kPublic;
}

bool begins_with(const Address& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.ip.begin());
}

// A network's own translator has one of these prefixes; where in the address the IPv4 one is, only that network knows.
bool is_local_nat64(const Address& address) { return begins_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 1}); }

}  // namespace

Scope scope_of(const Address& address) {
  const auto& ip = address.ip;
  if (address.is_v4()) return scope_of_v4(ip[12], ip[13]);
  if (std::all_of(ip.begin(), ip.begin() + 12, [](std::uint8_t b) { return b == 0; })) {  // ::/96
    const bool loopback = ip[12] == 0 && ip[13] == 0 && ip[14] == 0 && ip[15] == 1;
    return loopback ? Scope::kLoopback : Scope::kNone;
  }
  if (ip[0] == 0xff) return Scope::kNone;
  if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) return Scope::kLink;
  if ((ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0xc0)) return Scope::kPrivate;
  if (begins_with(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return scope_of_v4(ip[12], ip[13]);
  if (is_local_nat64(address)) return Scope::kPrivate;
  if (begins_with(address, {0x20, 0x02})) return scope_of_v4(ip[2], ip[3]);
  return Scope::kPublic;
}

bool may_be_told(const Address& address, const Address& informant) {
  const Scope scope = scope_of(address);
  const Scope from = is_local_nat64(informant) ? Scope::kPublic : scope_of(informant);
  return scope != Scope::kNone && address.port >= kFirstFreePort && scope >= from;
}

}  // namespace spate
