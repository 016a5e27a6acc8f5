// Makes the UDP socket: family, options, buffers, address. A part of udp_socket.cc.
#pragma once

#include <cstdint>

#include "libcore/base/address.h"
#include "libcore/io/address_text.h"
#include "libcore/io/descriptor.h"
#include "libcore/io/failure.h"

namespace spate::io {

struct OpenedUdp {
  Descriptor fd;
  Address local;
  bool ipv6 = true;  // an IPv6 socket, which carries IPv4 as well; false: IPv4 only
  bool segmentation = false;
  std::uint32_t receive_buffer_bytes = 0;  // as getsockopt() tells: twice what was granted, kernel overhead included
};

Result<OpenedUdp> open_udp(const ListenAddress& at);

}  // namespace spate::io
