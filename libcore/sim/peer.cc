#include "libcore/sim/peer.h"

#include <algorithm>
#include <utility>

#include "libcore/sim/checker_bounds.h"

namespace spate::sim {

namespace {

bool harms_its_children(const PeerConfig& config) {
  return config.hostile == HostileSpec::Kind::kPolluter || config.hostile == HostileSpec::Kind::kOmitter;
}
bool changes_what_it_sends(const PeerConfig& config) {
  return harms_its_children(config) || config.hostile == HostileSpec::Kind::kLiar ||
         config.hostile == HostileSpec::Kind::kMisnamer;
}

}  // namespace

Peer::Peer(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped)
    : config_(config),
      watched_(*config.commons->suite, config.host,
               harms_its_children(config) ? nullptr : &config.commons->seal_observers, config.commons->open_observers,
               *config.commons->network),
      stopped_(std::move(stopped)) {
  if (changes_what_it_sends(config)) hostile_ = std::make_unique<HostileSuite>(watched_, *config.hostile, config.host);
  const crypto::Suite& suite = hostile_ ? *hostile_ : static_cast<const crypto::Suite&>(watched_);
  node_ = std::make_unique<node::Node>(config.node, suite, std::move(rng), &config.commons->pool);
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

node::Fills Peer::fills() const { return retired() || !begun() ? node::Fills{} : node_->fills(0); }

std::uint64_t Peer::deeds() const { return hostile_ ? hostile_->deeds() : 0; }

// Queues are at their fullest when something has come, and nothing was sent yet.
void Peer::handle_datagrams(std::span<const Datagram> batch, Moment at) {
  node_->handle_datagrams(batch, at.local);
  if (++batches_ % kBatchesOfOneLook != 0) return;
  check_bounds(host(), node_stats(), fills(), at.now, *config_.commons->findings);
}

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
