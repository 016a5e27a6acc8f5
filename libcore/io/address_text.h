// Addresses as text, and as the socket calls want them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libcore/base/address.h"
#include "libcore/io/failure.h"

struct sockaddr_storage;
struct sockaddr_in;
struct sockaddr_in6;

namespace spate::io {

// "192.0.2.1:7400", "[2001:db8::1]:7400", "192.0.2.1:7400 over TCP"
std::string format_address(const Address& address);
// The host alone, without brackets.
std::string format_ip(const Address& address);

// A numeric IPv4 or IPv6 address (without brackets), or nothing. Never asks a name server.
std::optional<Address> parse_ip(std::string_view host, std::uint16_t port);

// What to bind to: "HOST:PORT", "[V6]:PORT", ":PORT" or "PORT", where port 0 lets the kernel choose.
struct ListenAddress {
  std::string host;  // empty: every address of this machine
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);

// IPv4 comes out mapped.
Address from_sockaddr(const sockaddr_storage& address);
void to_sockaddr(const Address& address, sockaddr_in6& out);
// REQUIRES address.is_v4().
void to_sockaddr(const Address& address, sockaddr_in& out);

}  // namespace spate::io
