// One world: the population of a scenario on a network, who comes and goes, and the faults that befall them.
//
// Hosts are numbered: 0 publishes, then the relays, then the viewers; whoever comes later has the next number. Viewers
// know the publisher's and the relays' addresses and nothing else. Faults end `calm` before the input does.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/checker_datagram.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/fast_suite.h"
#include "libcore/sim/network.h"
#include "libcore/sim/publisher.h"
#include "libcore/sim/remembering_suite.h"
#include "libcore/sim/resident.h"
#include "libcore/sim/run.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

class World {
 public:
  // crypto::initialise() must have been called.
  World(const Scenario& scenario, const RunOptions& options);
  ~World();

  void run_until(Instant time) { network_.run_until(time); }
  // Until everybody's stream has stopped, or kDrainMax after the input's end.
  static constexpr Duration kDrainMax = std::chrono::seconds(15);
  void run_to_the_end();

  // The host is gone without a word, or says goodbye first. Whoever is gone already stays so.
  void kill(HostId host);
  void leave(HostId host);
  // A new viewer joins now.
  HostId add_viewer();

  const Scenario& scenario() const { return scenario_; }
  const Broadcast& broadcast() const { return broadcast_; }
  Network& network() { return network_; }
  Publisher& publisher() { return *publisher_; }
  // Hosts that there ever were.
  HostId hosts() const { return static_cast<HostId>(residents_.size()); }
  const Resident& resident(HostId host) const { return residents_[host]; }
  // Relays are viewers that write nothing. REQUIRES host > 0.
  Viewer& viewer(HostId host) { return *viewers_[host - 1]; }
  Peer& peer(HostId host);
  node::StreamStats stream_stats(HostId host) { return peer(host).stream_stats(network_.now()); }
  const Lags& lags() const { return lags_; }
  bool over() const { return running_ == 0; }
  // From then on all must be well.
  Instant calm_begins() const { return Instant{} + scenario_.duration - scenario_.calm; }

  // Judges the viewers and sums up; once, when all is done.
  RunResult result();

 private:
  PeerConfig peer_config(const Rng& rng, HostId host, HostConfig& host_config);
  void add_publisher();
  void add_member(Instant joins);
  void join(HostId host);
  void schedule_departure(HostId host, const Rng& rng);
  void depart(HostId host, bool abrupt);
  void on_stopped(HostId host);
  void remove(HostId host);
  std::string slots_taken();
  void sum_up_viewers(RunResult& result);
  void sum_up_wire(RunResult& result) const;

  const Scenario scenario_;
  const RunOptions options_;
  crypto::ChaChaRng rng_;
  Broadcast broadcast_;
  std::unique_ptr<DelayModel> delays_;
  Findings findings_;
  DatagramChecker datagram_checker_;
  Lags lags_;
  FastSuite fast_suite_;
  RememberingSuite suite_;
  Commons commons_;
  crypto::StreamKeyPair stream_key_;
  std::vector<node::Host> introducers_;
  std::vector<Resident> residents_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<bool> removed_by_command_;
  Network network_;
  std::uint32_t running_ = 0;  // hosts whose stream has not stopped
};

}  // namespace spate::sim
