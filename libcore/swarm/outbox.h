// Control messages on their way out: packed several to a datagram, sealed at the next flush.
//
// Bounded: beyond kWaitingMax datagrams, messages are dropped. All of them are repeated by whoever needs
// the answer.
#pragma once

#include <deque>
#include <optional>

#include "libcore/base/buffer.h"
#include "libcore/session/endpoint.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Outbox {
 public:
  static constexpr std::size_t kWaitingMax = 4096;
  static constexpr std::size_t kDatagramTextBytes = session::PathSize::kSafe - session::kDataOverhead;

  explicit Outbox(BufferPool& pool) : pool_(pool) {}

  // REQUIRES control_bytes(message) <= kDatagramTextBytes.
  void send(session::SessionId to, const wire::Control& message);
  // The pong to a ping, padded as the ping was, but no larger than it (if it has room for a pong) nor than a datagram.
  void answer(session::SessionId to, const wire::Ping& ping, std::optional<std::uint64_t> media_us);
  // A frame that fills a datagram of its own (stream information).
  void send_frame(session::SessionId to, Bytes frame);
  // Closes the session once everything before this call has been sealed.
  void close(session::SessionId session);

  bool empty() const { return waiting_.empty(); }
  // Datagrams, and sessions to be closed, which are not dropped.
  std::size_t waiting() const { return waiting_.size(); }
  // False if the batch is full and more waits.
  bool flush(session::Endpoint& endpoint, DatagramBatch& out, Instant now);

 private:
  struct Waiting {
    session::SessionId to;
    Buffer text;        // empty: close the session
    bool open = false;  // more messages may be added
  };
  BufferPool& pool_;
  std::deque<Waiting> waiting_;
};

}  // namespace spate::swarm
