// One world: the population of a scenario on a network, and who comes and goes.
//
// Hosts are numbered: 0 publishes, then the relays, then the viewers; whoever comes later has the next number. Viewers
// know the publisher's and the relays' addresses and nothing else. Faults and departures end `calm` before the input
// does.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/checker_amplification.h"
#include "libcore/sim/checker_datagram.h"
#include "libcore/sim/checker_forward.h"
#include "libcore/sim/checker_hidden.h"
#include "libcore/sim/checker_nonce.h"
#include "libcore/sim/checker_upload.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/fast_suite.h"
#include "libcore/sim/mischief/mischief.h"
#include "libcore/sim/network.h"
#include "libcore/sim/publisher.h"
#include "libcore/sim/recorder.h"
#include "libcore/sim/remembering_suite.h"
#include "libcore/sim/resident.h"
#include "libcore/sim/run.h"
#include "libcore/sim/setting.h"
#include "libcore/sim/tally.h"
#include "libcore/sim/viewer.h"

namespace spate::sim {

class Faults;

class World {
 public:
  // crypto::initialise() must have been called.
  World(const Scenario& scenario, const RunOptions& options);
  ~World();

  void run_until(Instant time);
  // Until everybody's stream has stopped, or end(). `go_on` is asked now and then; when it says no, the run is
  // interrupted.
  void run_to_the_end(const std::function<bool()>& go_on = {});
  static constexpr Duration kDrainMax = std::chrono::seconds(15);
  Instant end() const { return broadcast_.due(broadcast_.frames()) + kDrainMax; }
  bool over() const { return running_ == 0; }
  bool interrupted() const { return interrupted_; }
  // From then on figures are measured.
  Instant measured_from() const { return Instant{} + scenario_.warm_up; }
  // From then on all must be well.
  Instant calm_begins() const { return Instant{} + scenario_.duration - scenario_.calm; }

  // The host is gone without a word, or says goodbye first. Whoever is gone already stays so.
  void kill(HostId host);
  void leave(HostId host);
  // A new viewer joins now.
  HostId add_viewer();
  // Gone without a word, to come back on the same address: with the same key, or with another. What it does then is
  // another life.
  void crash(HostId host, bool keeps_state);
  void come_back(HostId host);

  const Scenario& scenario() const { return scenario_; }
  const RunOptions& options() const { return options_; }
  const Rng& rng() const { return rng_; }
  const Broadcast& broadcast() const { return broadcast_; }
  Network& network() { return network_; }
  DelayModel& delays() { return *delays_; }
  Recorder& recorder() { return recorder_; }
  Findings& findings() { return findings_; }
  Publisher& publisher() { return *publisher_; }
  // Hosts that there ever were.
  HostId hosts() const { return static_cast<HostId>(residents_.size()); }
  const Resident& resident(HostId host) const { return residents_[host]; }
  // Relays are viewers that write nothing. REQUIRES host > 0.
  Viewer& viewer(HostId host) { return *viewers_[host - 1]; }
  Peer& peer(HostId host);
  // Everybody that ever lived here but the publisher; those on one host in order.
  struct Life {
    HostId host = 0;
    Viewer* viewer = nullptr;
    std::optional<Instant> gone{};  // when it was killed, crashed, or was told to leave
  };
  std::vector<Life> lives();
  // Whether it is a viewer's, and has begun.
  bool plays(const Life& life) const;
  // As all was when the figures began.
  const Tally& before() const { return before_; }
  node::StreamStats stream_stats(HostId host) { return peer(host).stream_stats(); }
  // How many places for children there are with those present, and how many are taken, each for the whole stream.
  struct Slots {
    std::uint64_t all = 0;
    std::uint64_t taken = 0;
  };
  // As they were just before the input ended.
  const Slots& last_slots() const { return last_slots_; }
  // From its start to its end, or to now; of all its lives together.
  Duration stayed(HostId host);
  std::uint64_t wire_bytes_sent() const;
  // What hostile hosts have done that no honest one does: datagrams, and colluders that went.
  std::uint64_t hostile_deeds();

  // Judges the viewers and sums up; once, when all is done.
  RunResult result();

 private:
  crypto::Identity draw_identity(Rng& rng) const;
  PeerConfig peer_config(const Rng& rng, HostId host, HostConfig& host_config);
  void add_publisher();
  void add_member(Instant joins);
  std::unique_ptr<Viewer> make_viewer(HostId host, unsigned life, bool same_key, HostConfig& host_config);
  void join(HostId host);
  void schedule_departure(HostId host);
  void begin_mischief(HostId host);
  void depart(HostId host, bool abrupt);
  void on_stopped(HostId host);
  void remove(HostId host);
  Duration last_life(HostId host);
  void watch();
  void advance(Instant time);
  void end_warm_up();
  void close_second();
  void record_hops();
  Slots slots();

  const Scenario scenario_;
  const RunOptions options_;
  crypto::ChaChaRng rng_;
  Broadcast broadcast_;
  std::unique_ptr<DelayModel> delays_;
  Findings findings_;
  DatagramChecker datagram_checker_;
  AmplificationChecker amplification_checker_;
  UploadChecker upload_checker_;
  ForwardChecker forward_checker_;
  NonceChecker nonce_checker_;
  Recorder recorder_;
  FastSuite fast_suite_;
  RememberingSuite suite_;
  Commons commons_;
  crypto::StreamKeyPair stream_key_;
  std::vector<node::Host> introducers_;
  std::vector<Resident> residents_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::unique_ptr<Viewer>> viewers_;  // the present or last life of each host
  struct Former {
    HostId host;
    std::unique_ptr<Viewer> viewer;
    Instant gone;
  };
  std::vector<Former> former_;
  struct Past {
    unsigned lives = 0;  // that are over, and in former_
    Duration stayed{};   // in all of them
  };
  std::vector<Past> past_;  // by host
  std::vector<bool> removed_by_command_;
  std::vector<std::optional<Instant>> gone_at_;
  Network network_;
  HiddenChecker hidden_checker_{network_, findings_};
  std::map<HostId, std::unique_ptr<Mischief>> mischief_;
  std::uint64_t colluders_gone_ = 0;
  std::unique_ptr<Faults> faults_;
  Homes homes_;
  std::uint32_t running_ = 0;  // hosts whose stream has not stopped
  Instant next_second_ = Instant{} + std::chrono::seconds(1);
  Tally before_;
  bool warming_up_ = false;
  bool interrupted_ = false;
  bool hops_recorded_ = false;
  Slots last_slots_;
};

}  // namespace spate::sim
