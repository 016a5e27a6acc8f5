#include "libcore/io/udp_open.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "libcore/io/resolve.h"
#include "libcore/io/udp_socket.h"

namespace spate::io {
namespace {

constexpr int kBufferBytesWanted = 8 * 1024 * 1024;
constexpr Duration kResolveLimit = std::chrono::seconds(5);

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

int get_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : 0;
}

// Never fragment, and find out for ourselves what a path carries: PROBE also ignores the ICMP messages that
// anyone could forge.
void forbid_fragments(int fd, bool ipv6) {
  set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  if (ipv6) set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

// Administrators may exceed the system's limit; others get as much as it allows.
void size_buffers(int fd) {
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytesWanted))
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytesWanted);
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytesWanted))
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytesWanted);
}

Address bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return from_sockaddr(storage);
}

// 0, or the errno of what failed.
int bind_to(int fd, bool ipv6, const Address& address) {
  if (ipv6) {
    sockaddr_in6 v6{};
    to_sockaddr(address, v6);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6) == 0 ? 0 : errno;
  }
  sockaddr_in v4{};
  to_sockaddr(address, v4);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof v4) == 0 ? 0 : errno;
}

struct Attempt {
  std::optional<OpenedUdp> opened;
  int error = 0;
};

Attempt attempt(bool ipv6, const Address& address) {
  OpenedUdp opened;
  opened.ipv6 = ipv6;
  opened.fd = Descriptor(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!opened.fd) return {std::nullopt, errno};
  const int fd = opened.fd.get();
  if (ipv6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) return {std::nullopt, errno};
  forbid_fragments(fd, ipv6);
  size_buffers(fd);
  if (const int error = bind_to(fd, ipv6, address); error != 0) return {std::nullopt, error};
  opened.local = bound_address(fd);
  set_option(fd, IPPROTO_UDP, UDP_GRO, 1);                            // Linux 5.0
  opened.segmentation = set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0);  // Linux 4.18; 0: only where a send asks for it
  opened.receive_buffer_bytes = static_cast<std::uint32_t>(get_option(fd, SOL_SOCKET, SO_RCVBUF));
  return {std::move(opened), 0};
}

}  // namespace

Result<OpenedUdp> open_udp(const ListenAddress& at) {
  Address any;  // ::
  any.port = at.port;
  Address any_v4 = Address::v4(0, 0, 0, 0, at.port);
  const std::string name = at.host.empty()                          ? ":" + std::to_string(at.port)
                           : at.host.find(':') == std::string::npos ? at.host + ":" + std::to_string(at.port)
                                                                    : "[" + at.host + "]:" + std::to_string(at.port);
  if (!at.host.empty()) {
    const NameToResolve wanted{at.host, at.port};
    const std::vector<ResolvedName> found = resolve({&wanted, 1}, kResolveLimit, -1);
    if (found.empty()) return Failure{"cannot listen on " + name + ": no such host"};
    any = any_v4 = found.front().address;
  }
  Attempt tried = attempt(true, any);
  // Where IPv6 is switched off the socket or its address is refused; a port in use is one for IPv4, too.
  if (!tried.opened && tried.error != EADDRINUSE && any_v4.is_v4()) tried = attempt(false, any_v4);
  if (!tried.opened) {
    Failure failure = system_failure("cannot listen on " + name, tried.error);
    if (tried.error == EADDRINUSE) failure.message += ": choose another port, or 0 for any that is free";
    return failure;
  }
  return std::move(*tried.opened);
}

Address likely_own_address() {
  // Connecting a UDP socket chooses the route and the source address; nothing is sent. The two are addresses of
  // the documentation blocks, which only the default route covers.
  for (const Address& far : {Address::v4(192, 0, 2, 1, 9), *parse_ip("2001:db8::1", 9)}) {
    const Descriptor fd(::socket(far.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) continue;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (far.is_v4())
      to_sockaddr(far, v4);
    else
      to_sockaddr(far, v6);
    const sockaddr* const to =
        far.is_v4() ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    if (::connect(fd.get(), to, far.is_v4() ? sizeof v4 : sizeof v6) != 0) continue;
    Address own = bound_address(fd.get());
    own.port = 0;
    return own;
  }
  return Address::v4(127, 0, 0, 1, 0);
}

}  // namespace spate::io
