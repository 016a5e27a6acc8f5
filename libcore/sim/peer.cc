#include "libcore/sim/peer.h"

#include <algorithm>
#include <utility>

namespace spate::sim {

Peer::Peer(const PeerConfig& config, const crypto::Suite& suite, std::unique_ptr<Rng> rng,
           std::function<void()> stopped)
    : config_(config), node_(config.node, suite, std::move(rng)), stopped_(std::move(stopped)) {}

void Peer::handle_datagrams(std::span<const Datagram> batch, Instant local_now) {
  node_.handle_datagrams(batch, local_now);
}

void Peer::handle_deadline(Instant local_now) {
  if (node_deadline_ <= local_now) node_.handle_deadline(local_now);
}

std::optional<Instant> Peer::poll(Instant local_now, DatagramBatch& out) {
  const Instant now = local_now - config_.clock_offset;
  for (;;) {
    const node::Poll poll = node_.poll(local_now, out);
    if (poll.kind == node::Poll::Kind::kSend) return std::nullopt;
    if (poll.kind == node::Poll::Kind::kEvent) {
      on_event(*poll.event, now);
      continue;
    }
    node_deadline_ = poll.deadline;
    Instant deadline = kNever;
    if (!on_idle(now, deadline))
      return std::min(node_deadline_, deadline == kNever ? kNever : deadline + config_.clock_offset);
  }
}

}  // namespace spate::sim
