// Where a baseline plays: the population of a scenario on a network, who comes and goes, and a tracker that knows
// everybody. Hosts, lives and draws are those of world.h, so that the same seed has the same people on the same lines.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/delay.h"
#include "libcore/sim/network.h"
#include "libcore/sim/recorder.h"
#include "libcore/sim/resident.h"
#include "libcore/sim/run.h"
#include "libcore/sim/schemes/scheme.h"
#include "libcore/sim/schemes/shards.h"
#include "libcore/sim/setting.h"
#include "libcore/sim/tally.h"

namespace spate::sim {

class SchemeHost;

class Stage {
 public:
  // REQUIRES !unfit_for_baselines(scenario). options.crypto means nothing here.
  Stage(SchemeName scheme, const Scenario& scenario, const RunOptions& options);
  ~Stage();

  void run_to_the_end(const std::function<bool()>& go_on = {});
  RunResult result();

  const Scenario& scenario() const { return scenario_; }
  const Rng& rng() const { return rng_; }
  const Broadcast& broadcast() const { return broadcast_; }
  const Shards& shards() const { return shards_; }
  const Resident& resident(HostId host) const { return residents_[host]; }
  Network& network() { return network_; }
  Recorder& recorder() { return recorder_; }
  // How long a missing shard is waited for, and how many there are in that time and a little more.
  Duration patience() const { return scenario_.latency.value_or(kPatience); }
  std::uint64_t window() const { return window_; }

  // The tracker. Those who are there now, in the order in which they came; the publisher is the first.
  std::span<const HostId> present() const { return present_; }
  bool present(HostId host) const { return network_.present(host) && joined_[host]; }
  SchemeHost& host(HostId host) { return *programs_[host]; }
  // Whether one may open a way to another: it is behind no box.
  bool reachable(HostId host) const { return network_.box_of(host) == kNoBox; }
  // What a datagram takes at least, one way.
  Duration one_way(HostId from, HostId to);
  // How many times the stream, with headers, the host's uplink carries.
  std::uint32_t streams(HostId host) const;
  // What it may send.
  std::uint64_t uplink_bps(HostId host) const;

 private:
  static constexpr Duration kPatience = std::chrono::seconds(10);

  void add(Instant joins);
  void join(HostId host);
  void schedule_departure(HostId host);
  void remove(HostId host);
  void advance(Instant time);
  bool over() const;
  void close_second();
  Duration stayed(HostId host) const;
  Tally tally() const;

  const Scenario scenario_;
  const RunOptions options_;
  const SchemeFactory make_host_;
  crypto::ChaChaRng rng_;
  Broadcast broadcast_;
  Shards shards_;
  std::unique_ptr<DelayModel> delays_;
  Recorder recorder_;
  Network network_;
  Homes homes_;
  std::uint64_t window_;
  std::vector<Resident> residents_;
  std::vector<std::unique_ptr<SchemeHost>> programs_;
  std::vector<HostId> present_;
  std::vector<bool> joined_;
  std::vector<Instant> joined_at_;
  std::vector<std::optional<Instant>> gone_at_;
  Instant next_second_ = Instant{} + std::chrono::seconds(1);
  Tally before_;
  bool interrupted_ = false;
};

}  // namespace spate::sim
