#include "libcore/io/tcp_open.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "libcore/io/address_text.h"

namespace spate::io {
namespace {

constexpr int kBacklog = 128;
// Data that the other side has not confirmed for so long end the connection, in milliseconds.
constexpr int kUserTimeoutMs = 10'000;
// The kernel holds little that it has not sent: what waits is ours to drop.
constexpr int kUnsentBytes = 64 * 1024;

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

void set_up(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
}

// `call` is bind() or connect(). 0, or its errno.
template <typename Call>
int with_address(bool ipv6, const Address& address, Call call) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  if (ipv6)
    to_sockaddr(address, v6);
  else
    to_sockaddr(address, v4);
  const auto* const to = ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  return call(to, static_cast<socklen_t>(ipv6 ? sizeof v6 : sizeof v4)) == 0 ? 0 : errno;
}

// 0, or the errno of what failed.
int attempt_listener(bool ipv6, const Address& at, Descriptor& out) {
  Descriptor fd(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno;
  if (ipv6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) return errno;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);  // connections of an earlier run may linger
  const auto bind_it = [&](const sockaddr* to, socklen_t size) { return ::bind(fd.get(), to, size); };
  if (const int error = with_address(ipv6, at, bind_it); error != 0) return error;
  if (::listen(fd.get(), kBacklog) != 0) return errno;
  out = std::move(fd);
  return 0;
}

}  // namespace

Result<Descriptor> open_tcp_listener(const Address& at) {
  Descriptor fd;
  int error = attempt_listener(true, at, fd);
  if (error != 0 && error != EADDRINUSE && at.is_v4()) error = attempt_listener(false, at, fd);
  if (error != 0) return system_failure("cannot listen for TCP on " + format_address(at), error);
  return fd;
}

Descriptor open_tcp_connection(const Address& to) {
  const bool ipv6 = !to.is_v4();
  Descriptor fd(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fd;
  set_up(fd.get());
  const auto connect_it = [&](const sockaddr* there, socklen_t size) { return ::connect(fd.get(), there, size); };
  const int error = with_address(ipv6, to, connect_it);
  return error == 0 || error == EINPROGRESS ? std::move(fd) : Descriptor();
}

AcceptedTcp accept_tcp(int listener) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  AcceptedTcp accepted;
  accepted.fd =
      Descriptor(::accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!accepted.fd) return accepted;
  set_up(accepted.fd.get());
  accepted.from = from_sockaddr(from).over_tcp();
  return accepted;
}

int tcp_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace spate::io
