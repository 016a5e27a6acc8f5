// The measuring side of a probe, and the answering one: pings and pongs over a session that carries nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/fifo.h"
#include "libcore/node/node.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/outbox.h"

namespace spate::node {

class Prober {
 public:
  Prober(session::Endpoint& endpoint, BufferPool& pool) : endpoint_(endpoint), outbox_(pool) {}

  void connect(session::ServiceIndex service, const Host& host, Instant now);
  bool uses(session::SessionId session) const { return session_ == session; }
  void ping(std::uint32_t id, std::size_t bytes, Instant now);

  void on_established(Instant now) { events_.push_back(ProbeConnected{now - dialled_}); }
  // Pongs to our pings make events; pings from anyone are answered, if that is what this host does.
  void handle_text(session::SessionId session, Bytes text, bool answer, Instant now);

  bool flush(DatagramBatch& out, Instant now) { return outbox_.flush(endpoint_, out, now); }
  std::optional<Event> next_event();

 private:
  struct Sent {
    std::uint32_t id = 0;
    Instant at{};
    bool waiting = false;
  };

  session::Endpoint& endpoint_;
  swarm::Outbox outbox_;
  std::optional<session::SessionId> session_;
  Instant dialled_{};
  static constexpr std::size_t kSent = 1024;
  std::vector<Sent> sent_;  // by id modulo kSent; empty until the first ping
  Fifo<Event> events_;
};

}  // namespace spate::node
