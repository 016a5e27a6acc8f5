// The host that publishes the broadcast: reads each frame when it is due, or as soon after that as the node has
// room, and ends with the last.
#pragma once

#include <vector>

#include "libcore/sim/broadcast.h"
#include "libcore/sim/peer.h"

namespace spate::sim {

class Publisher final : public Peer {
 public:
  Publisher(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped,
            const Broadcast& broadcast);

  void publish(const node::PublishConfig& config);

  // When the last byte of a frame was read; nothing if it has not been.
  std::optional<Instant> read_at(std::uint64_t frame) const;
  // The longest that a frame had to wait for room.
  Duration held_max() const { return held_max_; }
  bool ended() const { return ended_; }

 private:
  bool begun() const override { return stream_.has_value(); }
  void on_event(const node::Event& event, Instant now) override;
  bool on_idle(Instant now, Instant& deadline) override;

  const Broadcast& broadcast_;
  std::optional<node::StreamIndex> stream_;
  std::uint64_t bytes_read_ = 0;
  Instant last_read_{};
  std::vector<Instant> read_;  // by frame
  std::vector<std::uint8_t> burst_;
  Duration held_max_{};
  bool input_over_ = false;
  bool ended_ = false;
};

}  // namespace spate::sim
