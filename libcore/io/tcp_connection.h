// One TCP connection that carries datagrams (wire/tcp_frame.h): its socket, what has begun to come, and what waits to
// go.
//
// What waits is dropped when it is old, the oldest first and whole datagrams only, as a queue on the way would: a
// stream is of no use late. At most kQueueBytesMax wait.
#pragma once

#include <cstdint>

#include "libcore/base/buffer.h"
#include "libcore/base/bytes.h"
#include "libcore/base/fifo.h"
#include "libcore/base/time.h"
#include "libcore/io/descriptor.h"
#include "libcore/wire/tcp_frame.h"

namespace spate::io {

class TcpConnection {
 public:
  static constexpr Duration kQueueAgeMax = std::chrono::milliseconds(500);
  static constexpr std::size_t kQueueBytesMax = 1024 * 1024;  // 500 ms of 16 Mbit/s

  explicit TcpConnection(Descriptor fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  // What is kept stays valid.
  void close() { fd_ = Descriptor(); }

  // Reads once, what there is room for, and does not wait. False: the connection is over, or what came is no datagram.
  // Either way what came before it can be taken.
  bool receive(MutableBytes room);
  // The next datagram of what was read, valid until the next receive().
  std::optional<Bytes> next() { return deframer_.next(); }
  bool broken() const { return deframer_.broken(); }

  // Puts a datagram into the queue.
  void push(Bytes datagram, BufferPool& pool, Instant now);
  // Sends what the kernel takes, and does not wait. False: the connection is over.
  bool flush(Instant now);
  // Something waits for the kernel to take it.
  bool waits() const { return static_cast<bool>(partial_) || !queue_.empty(); }
  std::size_t queue_bytes() const { return queue_bytes_; }
  // Datagrams that were too old, or too many.
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Frame {
    Buffer bytes;
    Instant since;
  };
  void drop_oldest();
  void on_sent(std::size_t bytes);

  Descriptor fd_;
  wire::TcpDeframer deframer_;
  Buffer partial_;  // the rest of it must go, whatever comes
  std::size_t partial_sent_ = 0;
  Fifo<Frame> queue_;  // behind that
  std::size_t queue_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace spate::io
