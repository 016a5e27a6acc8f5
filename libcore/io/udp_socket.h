// One UDP socket for all peers: IPv4 and IPv6, in batches.
//
// Receives with recvmmsg() and splits what the kernel has merged (UDP_GRO) without copying; sends each run of a
// DatagramBatch as one segmented send (UDP_SEGMENT), or as plain datagrams where the kernel or the path refuses that.
// Datagrams are never fragmented (DF is set). What the network refuses is counted and forgotten, as if it had
// been lost: the core's repair is for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "libcore/base/datagram.h"
#include "libcore/io/address_text.h"
#include "libcore/io/failure.h"

namespace spate::io {

struct UdpSocketStats {
  std::uint64_t receive_calls = 0;
  std::uint64_t receive_messages = 0;  // each holds one datagram, or several that the kernel has merged
  std::uint64_t send_calls = 0;
  std::uint64_t send_messages = 0;
  std::uint64_t send_blocked = 0;  // times the send buffer was full
  std::uint64_t send_refused = 0;  // datagrams that the kernel did not take: no route, firewall, too long, ...
  std::uint64_t segmentation_refused = 0;
  std::uint64_t receive_overflow = 0;  // datagrams that found the receive buffer full
};

class UdpSocket {
 public:
  // The most that receive() returns of what the kernel holds, in messages of up to 64 KB.
  static constexpr std::size_t kReceiveMessages = 32;

  // Where bind() fails, the failure names the address.
  static Result<UdpSocket> open(const ListenAddress& at);

  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  int fd() const;
  Address local_address() const;
  // What the receive buffer holds in bytes of datagrams, with the kernel's own overhead taken off.
  std::uint32_t receive_window_bytes() const;
  // One line with what to do about it, if the kernel grants less buffer than bursts of a fast stream need.
  std::optional<std::string> buffer_warning() const;
  UdpSocketStats stats() const;

  // Does not wait. The datagrams are valid until the next call. `more`: there may be others, ask again. Empty
  // datagrams are left out, and count against the batch.
  struct Received {
    std::span<const Datagram> datagrams;
    bool more = false;
  };
  Received receive();

  // Where send() stands in a batch.
  struct Progress {
    std::size_t run = 0;
    std::uint32_t datagram = 0;  // of that run
    bool plain = false;          // that run goes without segmentation
  };
  // Sends from `progress` on, but for what is for TCP. True when the whole batch is done; false when the send buffer is
  // full: wait until the socket is writable and call again with the same two. Does not wait itself.
  bool send(const DatagramBatch& batch, Progress& progress);

  // For tests: as if the kernel had no UDP_SEGMENT.
  void disable_segmentation();

 private:
  struct Impl;
  explicit UdpSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The address by which other machines most likely reach this one: that of the interface of the default route; the
// loopback address if there is none. Sends nothing. The port is 0.
Address likely_own_address();

}  // namespace spate::io
