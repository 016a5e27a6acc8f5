// The population of one run: a publisher and its viewers on a network, and the commands that befall them.
//
// Viewers know the publisher's link and nothing else. Hosts are numbered: 0 publishes, the others view.
#pragma once

#include <memory>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/checker_datagram.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/network.h"
#include "libcore/sim/publisher.h"
#include "libcore/sim/run.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

class World {
 public:
  // crypto::initialise() must have been called.
  explicit World(const RunConfig& config);
  ~World();

  void run_until(Instant time) { network_.run_until(time); }
  // Until everybody's stream has stopped, or drain_max after the input's end.
  void run_to_the_end();

  // The host is gone without a word, or says goodbye first.
  void kill(HostId host);
  void leave(HostId host);

  const RunConfig& config() const { return config_; }
  const Broadcast& broadcast() const { return broadcast_; }
  Network& network() { return network_; }
  Publisher& publisher() { return *publisher_; }
  // Hosts 1 .. peers - 1.
  Viewer& viewer(HostId host) { return *viewers_[host - 1]; }
  node::StreamStats stream_stats(HostId host);
  const Lags& lags() const { return lags_; }
  bool over() const;

  // Judges the viewers and sums up; once, when all is done.
  RunResult result();

 private:
  LinkConfig uplink(std::uint64_t rate_bps) const;
  LinkConfig downlink() const;
  PeerConfig peer_config(const Rng& rng, HostId host, const LinkConfig& up, HostConfig& host_config) const;
  void add_publisher();
  void add_viewer(HostId host);
  void on_stopped(HostId host);
  bool was_removed(HostId host) const { return removed_by_command_[host]; }
  void sum_up_viewers(RunResult& result);
  void sum_up_wire(RunResult& result) const;

  RunConfig config_;
  crypto::ChaChaRng rng_;
  Broadcast broadcast_;
  PlaneDelay delays_;
  Findings findings_;
  DatagramChecker datagram_checker_;
  Lags lags_;
  crypto::StreamKeyPair stream_key_;
  node::Host publisher_host_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<bool> removed_by_command_;
  Network network_;
  std::uint32_t running_ = 0;  // hosts whose stream has not stopped
};

}  // namespace spate::sim
