// A Node in a world: the publisher of a known stream, or one who watches it, whose output is checked.
#pragma once

#include <optional>

#include "libcore/node/node.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/checker_output.h"
#include "tests/fuzz/world.h"

namespace spate::fuzz {

const crypto::Suite& suite();
const sim::Broadcast& broadcast();
const crypto::StreamKeyPair& stream_key();
const crypto::Identity& identity_of(std::size_t host);
const crypto::NodeKeyPair& node_keys_of(std::size_t host);

class NodeHost final : public Host {
 public:
  // `life` is another one for whoever comes back.
  NodeHost(std::size_t host, std::uint64_t life);

  void publish(const swarm::PublishConfig& config, Instant now) { stream_ = node_.publish(config, now); }
  void join(const swarm::JoinConfig& config, Instant now) { stream_ = node_.join(config, now); }
  // Publisher: bytes of the broadcast from that one on, as many as there is room for; returns how many.
  std::size_t feed(std::uint64_t from, std::size_t bytes, Instant now);
  void end_input(Instant now);
  // The publisher begins anew with this packet. Who goes over to the new run need not say that packets are missing
  // between the two.
  void on_new_run(std::uint64_t first_packet) { new_run_ = first_packet; }
  node::Node& node() { return node_; }

  void handle_datagram(const Datagram& datagram, Instant now) override { node_.handle_datagrams({&datagram, 1}, now); }
  void handle_deadline(Instant now) override { node_.handle_deadline(now); }
  Instant poll(DatagramBatch& out, Instant now) override;
  bool more() const override { return more_; }

 private:
  void on_played(const node::Played& played, Instant now);

  node::Node node_;
  node::StreamIndex stream_ = 0;
  sim::Findings findings_;
  sim::OutputChecker checker_;
  std::optional<std::uint64_t> new_run_;  // of which nothing has been played
  bool input_over_ = false;
  bool more_ = false;
};

}  // namespace spate::fuzz
