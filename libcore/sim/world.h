// The population of one run: a publisher and its viewers on a network, and the commands that befall them.
//
// Viewers know the publisher's link and nothing else. Hosts are numbered: 0 publishes, the others view.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/checker_datagram.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/network.h"
#include "libcore/sim/publisher.h"
#include "libcore/sim/recorder.h"
#include "libcore/sim/run.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

class World {
 public:
  // crypto::initialise() must have been called.
  explicit World(const RunConfig& config);
  ~World();

  void run_until(Instant time);
  // Until everybody's stream has stopped, or drain_max after the input's end. `go_on` is asked now and then; when it
  // says no, the run is interrupted.
  void run_to_the_end(const std::function<bool()>& go_on = {});

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
  Recorder& recorder() { return recorder_; }
  bool over() const;
  // The latest that a run may take.
  Instant end() const { return broadcast_.due(broadcast_.frames()) + config_.drain_max; }

  // Judges the viewers and sums up; once, when all is done.
  RunResult result();

 private:
  LinkConfig uplink(std::uint64_t rate_bps) const;
  LinkConfig downlink() const;
  PeerConfig peer_config(const Rng& rng, HostId host, const LinkConfig& up, HostConfig& host_config) const;
  void add_publisher();
  void add_viewer(HostId host);
  void on_stopped(HostId host);
  void remove(HostId host);
  bool was_removed(HostId host) const { return removed_by_command_[host]; }
  void sum_up_viewers(RunResult& result);
  void sum_up_wire(RunResult& result);
  void sum_up_links(RunResult& result);
  std::uint64_t wire_bytes_sent() const;
  void close_second();
  void record_hops();
  Duration present(HostId host);

  RunConfig config_;
  crypto::ChaChaRng rng_;
  Broadcast broadcast_;
  PlaneDelay delays_;
  Findings findings_;
  DatagramChecker datagram_checker_;
  Recorder recorder_;
  crypto::StreamKeyPair stream_key_;
  node::Host publisher_host_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<bool> removed_by_command_;
  Network network_;
  std::uint32_t running_ = 0;  // hosts whose stream has not stopped
  std::vector<std::optional<Instant>> gone_at_;
  Instant next_second_{std::chrono::seconds(1)};
  bool interrupted_ = false;
  bool hops_recorded_ = false;
};

}  // namespace spate::sim
