#include "libcore/sim/peer.h"

#include <algorithm>
#include <utility>

#include "libcore/sim/hostile_suite.h"

namespace spate::sim {

namespace {

bool harms_its_children(const PeerConfig& config) {
  return config.hostile == HostileSpec::Kind::kPolluter || config.hostile == HostileSpec::Kind::kOmitter;
}

}  // namespace

Peer::Peer(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped)
    : config_(config), stopped_(std::move(stopped)) {
  Commons& commons = *config.commons;
  if (harms_its_children(config))
    suite_ = std::make_unique<HostileSuite>(*commons.suite, *config.hostile);
  else
    suite_ = std::make_unique<WatchedSuite>(*commons.suite, config.host, commons.seal_observers);
  node_ = std::make_unique<node::Node>(config.node, *suite_, std::move(rng), &commons.pool);
}

void Peer::retire(Instant now) {
  if (retired()) return;
  last_stream_stats_ = stream_stats(now);
  last_node_stats_ = node_stats();
  node_.reset();
}

node::StreamStats Peer::stream_stats(Instant now) {
  if (retired() || !begun()) return last_stream_stats_;
  return node_->stats(0, local(now));
}

node::NodeStats Peer::node_stats() { return retired() ? last_node_stats_ : node_->stats(); }

void Peer::handle_datagrams(std::span<const Datagram> batch, Instant local_now) {
  node_->handle_datagrams(batch, local_now);
}

void Peer::handle_deadline(Instant local_now) {
  if (node_deadline_ <= local_now) node_->handle_deadline(local_now);
}

std::optional<Instant> Peer::poll(Instant local_now, DatagramBatch& out) {
  const Instant now = local_now - config_.clock_offset;
  for (;;) {
    const node::Poll poll = node_->poll(local_now, out);
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
