// A node on a host of the simulation: what a tool's main loop does around node::Node, in virtual time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "libcore/node/node.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/host_program.h"
#include "libcore/sim/hostile_suite.h"
#include "libcore/sim/network.h"
#include "libcore/sim/scenario.h"
#include "libcore/sim/sharing_pool.h"
#include "libcore/sim/watched_suite.h"

namespace spate::sim {

// What all peers of a world share; outlives them.
struct Commons {
  const crypto::Suite* suite = nullptr;
  std::vector<SealObserver*> seal_observers;
  std::vector<OpenObserver*> open_observers;
  const Network* network = nullptr;
  Findings* findings = nullptr;
  SharingPool pool;
};

struct PeerConfig {
  Commons* commons = nullptr;
  HostId host = 0;
  std::optional<HostileSpec::Kind> hostile;  // if it harms its children, nobody watches what it seals
  node::NodeConfig node;
};

// Times are the network's, but for those of the node, which are the host's own.
class Peer : public HostProgram {
 public:
  // `stopped` is called when the stream has stopped for good: the process would now exit.
  Peer(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped);

  HostId host() const { return config_.host; }
  const crypto::NodeKey& key() const { return config_.node.identity.node.public_key; }
  // The process has ended: from now on there are only its last figures, and nothing may be asked of the node.
  void retire();
  bool retired() const { return !node_; }
  // REQUIRES !retired().
  node::Node& node() { return *node_; }
  // The last ones, once retired.
  node::StreamStats stream_stats();
  node::NodeStats node_stats();
  // Nothing while there is no stream.
  node::Fills fills() const;
  // Datagrams of its node that were spoilt, if the host means harm.
  std::uint64_t deeds() const;

  void handle_datagrams(std::span<const Datagram> batch, Moment at) final;
  void handle_deadline(Moment at) final;
  std::optional<Moment> poll(Moment at, DatagramBatch& out) final;

 protected:
  // Whether the node has its stream.
  virtual bool begun() const = 0;
  virtual void on_event(const node::Event& event, Instant now) = 0;
  // Called when the node has nothing more to say; true if that gave it something. Otherwise `deadline` may be brought
  // forward to when this is wanted again.
  virtual bool on_idle(Instant /*now*/, Instant& /*deadline*/) { return false; }

  const Network& network() const { return *config_.commons->network; }
  // What the host's clock shows now.
  Instant local() const { return network().local_time(config_.host); }
  void say_stopped() { stopped_(); }

 private:
  static constexpr unsigned kBatchesOfOneLook = 16;

  PeerConfig config_;
  WatchedSuite watched_;
  std::unique_ptr<HostileSuite> hostile_;  // over it, if the host means harm
  std::unique_ptr<node::Node> node_;
  node::StreamStats last_stream_stats_;
  node::NodeStats last_node_stats_;
  std::function<void()> stopped_;
  Instant node_deadline_ = kNever;  // local
  unsigned batches_ = 0;
};

}  // namespace spate::sim
