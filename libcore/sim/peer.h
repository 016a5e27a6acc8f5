// A node on a host of the simulation: what a tool's main loop does around node::Node, in virtual time.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "libcore/node/node.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/host_program.h"

namespace spate::sim {

struct PeerConfig {
  HostId host = 0;
  Duration clock_offset{};  // of the host's clock
  node::NodeConfig node;
};

// Times called `local` are the host's own; all others are the network's.
class Peer : public HostProgram {
 public:
  // `stopped` is called when the stream has stopped for good: the process would now exit.
  Peer(const PeerConfig& config, const crypto::Suite& suite, std::unique_ptr<Rng> rng, std::function<void()> stopped);

  HostId host() const { return config_.host; }
  node::Node& node() { return node_; }
  node::StreamStats stream_stats(Instant now) { return node_.stats(0, local(now)); }

  void handle_datagrams(std::span<const Datagram> batch, Instant local_now) final;
  void handle_deadline(Instant local_now) final;
  std::optional<Instant> poll(Instant local_now, DatagramBatch& out) final;

 protected:
  virtual void on_event(const node::Event& event, Instant now) = 0;
  // Called when the node has nothing more to say; true if that gave it something. Otherwise `deadline` may be brought
  // forward to when this is wanted again.
  virtual bool on_idle(Instant /*now*/, Instant& /*deadline*/) { return false; }

  Instant local(Instant now) const { return now + config_.clock_offset; }
  void say_stopped() { stopped_(); }

 private:
  PeerConfig config_;
  node::Node node_;
  std::function<void()> stopped_;
  Instant node_deadline_ = kNever;  // local
};

}  // namespace spate::sim
