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
    suite_ = std::make_unique<WatchedSuite>(*commons.suite, config.host, commons.seal_observers, *commons.network);
  node_ = std::make_unique<node::Node>(config.node, *suite_, std::move(rng), &commons.pool);
}

void Peer::retire() {
  if (retired()) return;
  last_stream_stats_ = stream_stats();
  last_node_stats_ = node_stats();
  node_.reset();
}

node::StreamStats Peer::stream_stats() {
  if (retired() || !begun()) return last_stream_stats_;
  return node_->stats(0, local());
}

node::NodeStats Peer::node_stats() { return retired() ? last_node_stats_ : node_->stats(); }

void Peer::handle_datagrams(std::span<const Datagram> batch, Moment at) { node_->handle_datagrams(batch, at.local); }

void Peer::handle_deadline(Moment at) {
  if (node_deadline_ <= at.local) node_->handle_deadline(at.local);
}

std::optional<Moment> Peer::poll(Moment at, DatagramBatch& out) {
  for (;;) {
    const node::Poll poll = node_->poll(at.local, out);
    if (poll.kind == node::Poll::Kind::kSend) return std::nullopt;
    if (poll.kind == node::Poll::Kind::kEvent) {
      on_event(*poll.event, at.now);
      continue;
    }
    node_deadline_ = poll.deadline;
    Instant deadline = kNever;
    if (!on_idle(at.now, deadline)) return Moment{deadline, node_deadline_};
  }
}

}  // namespace spate::sim
