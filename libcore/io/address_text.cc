#include "libcore/io/address_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>

namespace spate::io {

std::string format_ip(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4())
    ::inet_ntop(AF_INET, address.ip.data() + 12, text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, address.ip.data(), text.data(), text.size());
  return text.data();
}

std::string format_address(const Address& address) {
  const std::string host = format_ip(address);
  const std::string text = (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(address.port);
  return address.is_tcp() ? text + " over TCP" : text;
}

std::optional<Address> parse_ip(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    ByteArray<4> b{};
    std::memcpy(b.data(), &v4, b.size());
    return Address::v4(b[0], b[1], b[2], b[3], port);
  }
  Address address;
  address.port = port;
  if (::inet_pton(AF_INET6, text.c_str(), address.ip.data()) == 1) return address;
  return std::nullopt;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const Failure bad{"'" + std::string(text) + "' is not an address to listen on: use HOST:PORT, :PORT or PORT"};
  const std::size_t colon = text.rfind(':');
  std::string_view host = colon == text.npos ? std::string_view{} : text.substr(0, colon);
  const std::string_view digits = colon == text.npos ? text : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != host.npos)
    return bad;  // an IPv6 address without brackets: which colon is the port's?
  ListenAddress address{std::string(host), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return bad;
  return address;
}

Address from_sockaddr(const sockaddr_storage& address) {
  Address out;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ByteArray<4> b{};
    std::memcpy(b.data(), &v4.sin_addr, b.size());
    return Address::v4(b[0], b[1], b[2], b[3], ntohs(v4.sin_port));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::memcpy(out.ip.data(), &v6.sin6_addr, out.ip.size());
  out.port = ntohs(v6.sin6_port);
  return out;
}

void to_sockaddr(const Address& address, sockaddr_in6& out) {
  out = {};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(address.port);
  std::memcpy(&out.sin6_addr, address.ip.data(), address.ip.size());
}

void to_sockaddr(const Address& address, sockaddr_in& out) {
  out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(address.port);
  std::memcpy(&out.sin_addr, address.ip.data() + 12, 4);
}

}  // namespace spate::io
