// Makes TCP sockets: family, options, address. A part of tcp_hub.cc.
#pragma once

#include "libcore/base/address.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"

namespace spate::io {

// Listens there: on IPv6 and IPv4 if it is no IPv4 address. The failure names the address.
Result<Descriptor> open_tcp_listener(const Address& at);

// Begins to connect. Nothing if that failed at once.
Descriptor open_tcp_connection(const Address& to);

// The next that came to a listener, and where it is from. Nothing: errno says why.
struct AcceptedTcp {
  Descriptor fd;
  Address from;
};
AcceptedTcp accept_tcp(int listener);

// 0, or the errno of a connection that was begun.
int tcp_error(int fd);

}  // namespace spate::io
