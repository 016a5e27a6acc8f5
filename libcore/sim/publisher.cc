#include "libcore/sim/publisher.h"

#include <algorithm>
#include <utility>

namespace spate::sim {

Publisher::Publisher(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped,
                     const Broadcast& broadcast)
    : Peer(config, std::move(rng), std::move(stopped)), broadcast_(broadcast) {}

void Publisher::publish(const node::PublishConfig& config) { stream_ = node().publish(config, local()); }

std::optional<Instant> Publisher::read_at(std::uint64_t frame) const {
  return frame < read_.size() ? std::optional(read_[static_cast<std::size_t>(frame)]) : std::nullopt;
}

void Publisher::on_event(const node::Event& event, Instant /*now*/) {
  if (!std::holds_alternative<node::Stopped>(event)) return;
  ended_ = true;
  say_stopped();
}

// What a pipe holds is read at once: all that is due, in one burst if there is room.
bool Publisher::on_idle(Instant now, Instant& deadline) {
  if (!stream_ || input_over_) return false;
  const std::uint64_t bytes_due = broadcast_.packets_due(now) * Broadcast::kPacketBytes;
  const std::size_t room = node().input_room(*stream_);
  const auto burst = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_due - bytes_read_, room));
  if (burst > 0) {
    burst_.resize(burst);
    broadcast_.write(bytes_read_, burst_);
    node().input_waited(*stream_, now - last_read_);  // a simulated host is never busy with anything else
    node().input(*stream_, burst_, local());
    last_read_ = now;
    bytes_read_ += burst;
    for (; read_.size() < broadcast_.frames(); read_.push_back(now)) {
      if (broadcast_.first_packet(read_.size() + 1) * Broadcast::kPacketBytes > bytes_read_) break;
      held_max_ = std::max(held_max_, now - broadcast_.due(read_.size()));
    }
    return true;
  }
  if (read_.size() == broadcast_.frames()) {
    input_over_ = true;
    node().end_input(*stream_, local());
    return true;
  }
  // With no room left, the node's own deadline or a datagram brings us back here.
  if (bytes_read_ == bytes_due) deadline = broadcast_.due(read_.size());
  return false;
}

}  // namespace spate::sim
