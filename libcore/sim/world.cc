#include "libcore/sim/world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libcore/base/check.h"
#include "libcore/sim/checker_delivery.h"

namespace spate::sim {
namespace {

// Some moment in 2026: the run's epoch, milliseconds since 1970.
constexpr std::uint64_t kEpoch = 1'780'000'000'000;
constexpr HostId kPublisher = 0;

BroadcastConfig broadcast_config(const Scenario& scenario) {
  const StreamSpec& stream = scenario.stream;
  BroadcastConfig broadcast;
  broadcast.rate_bps = stream.rate_bps;
  broadcast.frames_per_second = stream.frames_per_second;
  broadcast.frames_per_group = 2 * stream.frames_per_second;
  broadcast.key_frame_weight = stream.key_frame_weight;
  const Duration frame = Duration(std::chrono::seconds(1)) / stream.frames_per_second;
  broadcast.frames = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(scenario.duration / frame));
  return broadcast;
}

std::unique_ptr<DelayModel> delay_model(const MapSpec& map, const Rng& rng) {
  return std::make_unique<PlaneDelay>(rng, map.delay_min, map.delay_max);
}

crypto::StreamKeyPair stream_key(const Rng& rng) {
  ByteArray<32> seed;
  rng.fork("stream key")->fill(seed);
  return crypto::stream_key_pair(seed);
}

Quantiles quantiles(const Histogram& histogram) {
  return {histogram.quantile(0.5),  histogram.quantile(0.9),   histogram.quantile(0.95),
          histogram.quantile(0.99), histogram.quantile(0.999), histogram.max()};
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

World::World(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      rng_(scenario.seed),
      broadcast_(broadcast_config(scenario)),
      delays_(delay_model(scenario.map, rng_)),
      datagram_checker_(findings_),
      suite_(options.crypto == Crypto::kFast ? static_cast<const crypto::Suite&>(fast_suite_) : crypto::sodium_suite()),
      stream_key_(stream_key(rng_)),
      network_(rng_, *delays_) {
  commons_.suite = &suite_;
  network_.observe(datagram_checker_);
  add_publisher();
  for (HostId host = 1; host < scenario.peers; ++host) {
    const bool relay = host <= scenario.relays;
    const std::unique_ptr<Rng> arrival = rng_.fork("arrival " + std::to_string(host));
    const Duration after = relay ? Duration::zero() : Draws(*arrival).between({}, scenario.arrivals.within);
    add_member(Instant{} + after);
  }
  network_.at(calm_begins(), kPublisher, [this] {
    for (const auto& viewer : viewers_) viewer->watch_for_pauses(network_.now());
  });
}

World::~World() = default;

// Every host's clock shows something else, as clocks do: nobody may rely on a common time.
PeerConfig World::peer_config(const Rng& rng, HostId host, HostConfig& host_config) {
  const Resident& resident = residents_[host];
  const std::unique_ptr<Rng> clock = rng.fork("clock");
  const Duration offset_min = std::min<Duration>(std::chrono::minutes(1), scenario_.clock.offset_max);
  PeerConfig peer;
  peer.commons = &commons_;
  peer.host = host;
  peer.hostile = resident.hostile;
  peer.clock_offset = Draws(*clock).between(offset_min, scenario_.clock.offset_max);
  peer.node.identity = crypto::generate_node_key_pair(*rng.fork("identity"));
  peer.node.upload_limit_bps = resident.upload_limit_bps;
  host_config = {resident.up, resident.down, peer.clock_offset};
  return peer;
}

void World::add_publisher() {
  residents_.push_back(draw_resident(scenario_, rng_, kPublisher));
  removed_by_command_.push_back(false);
  const std::unique_ptr<Rng> rng = rng_.fork("host 0");
  HostConfig host_config;
  const PeerConfig peer = peer_config(*rng, kPublisher, host_config);
  publisher_ = std::make_unique<Publisher>(
      peer, rng->fork("node"), [this] { on_stopped(kPublisher); }, broadcast_);
  network_.add(*publisher_, host_config);
  introducers_.push_back({Network::address_of(kPublisher), peer.node.identity.public_key});
  ++running_;

  node::PublishConfig publish;
  publish.key = stream_key_;
  publish.epoch = kEpoch;
  publish.children_max = residents_[kPublisher].children;
  network_.at(Instant{}, kPublisher, [this, publish] { publisher_->publish(publish, network_.now()); });
}

// A relay or a viewer, which joins at that time.
void World::add_member(Instant joins) {
  const HostId host = hosts();
  residents_.push_back(draw_resident(scenario_, rng_, host));
  removed_by_command_.push_back(false);
  const std::unique_ptr<Rng> rng = rng_.fork("host " + std::to_string(host));
  HostConfig host_config;
  const PeerConfig peer = peer_config(*rng, host, host_config);
  viewers_.push_back(std::make_unique<Viewer>(
      peer, rng->fork("node"), [this, host] { on_stopped(host); }, broadcast_, *publisher_, findings_, lags_));
  network_.add(*viewers_.back(), host_config);
  ++running_;
  if (residents_[host].role == Role::kRelay)
    introducers_.push_back({Network::address_of(host), peer.node.identity.public_key});
  network_.at(joins, host, [this, host] { join(host); });
}

HostId World::add_viewer() {
  add_member(network_.now());
  return hosts() - 1;
}

void World::join(HostId host) {
  const Resident& resident = residents_[host];
  node::JoinConfig config;
  config.stream = stream_key_.public_key;
  config.hosts = introducers_;
  config.children_max = resident.children;
  config.latency = scenario_.latency;
  config.output = resident.role == Role::kViewer;
  config.connect_timeout = std::chrono::hours(1);  // somebody would start it again
  if (resident.role == Role::kRelay) config.hosts = {introducers_.front()};
  viewer(host).join(config, network_.now());
  if (resident.role == Role::kViewer) schedule_departure(host, *rng_.fork("stay " + std::to_string(host)));
}

void World::schedule_departure(HostId host, const Rng& rng) {
  const ChurnSpec& churn = scenario_.churn;
  if (!churn.on || residents_[host].hostile == HostileSpec::Kind::kSybil) return;
  const std::unique_ptr<Rng> stay = rng.fork("length");
  Draws draws(*stay);
  const Duration stays = draws.log_normal(churn.median, churn.sigma_milli);
  const bool abrupt = draws.chance_ppm(churn.abrupt_ppm);
  if (stays >= calm_begins() - network_.now()) return;
  network_.at(network_.now() + stays, host, [this, host, abrupt] { depart(host, abrupt); });
}

void World::depart(HostId host, bool abrupt) {
  if (!network_.present(host)) return;
  abrupt ? kill(host) : leave(host);
  if (scenario_.churn.replace) add_viewer();
}

// The process exits once what it has to say is sent: after the poll that told of the end.
void World::on_stopped(HostId host) {
  network_.at(network_.now(), host, [this, host] { remove(host); });
}

void World::remove(HostId host) {
  if (!network_.present(host)) return;
  --running_;
  network_.remove(host);
  peer(host).retire(network_.now());
}

void World::kill(HostId host) {
  removed_by_command_[host] = true;
  remove(host);
}

void World::leave(HostId host) {
  if (!network_.present(host)) return;
  removed_by_command_[host] = true;
  viewer(host).leave(network_.now());
  network_.touch(host);
  remove(host);
}

Peer& World::peer(HostId host) {
  return host == kPublisher ? static_cast<Peer&>(*publisher_) : static_cast<Peer&>(viewer(host));
}

void World::run_to_the_end() {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  const Instant end = broadcast_.due(broadcast_.frames()) + kDrainMax;
  while (!over() && network_.now() < end) network_.run_until(std::min(network_.now() + kStep, end));
}

RunResult World::result() {
  RunResult result;
  result.seed = scenario_.seed;
  result.crypto = options_.crypto == Crypto::kFast ? "fast" : "real";
  result.peers = hosts();
  result.resource_index = resource_index(scenario_, rng_, scenario_.peers);
  result.simulated = network_.now() - Instant{};
  result.digest = network_.digest();
  result.network = network_.stats();
  result.lag = quantiles(lags_.written);
  result.lag_estimate_error = quantiles(lags_.estimate_error);
  result.input_held_max = publisher_->held_max();
  if (!publisher_->ended() && !removed_by_command_[kPublisher])
    findings_.add(Rule::kLiveness, network_.now(), kPublisher, "the publisher did not come to its end");
  sum_up_viewers(result);
  sum_up_wire(result);
  result.safety_findings = findings_.safety();
  result.liveness_findings = findings_.liveness();
  result.findings.assign(findings_.kept().begin(), findings_.kept().end());
  return result;
}

std::string World::slots_taken() {
  std::uint64_t slots = 0;
  std::uint64_t taken = 0;
  for (HostId host = 0; host < hosts(); ++host) {
    if (!network_.present(host)) continue;
    const node::StreamStats stats = stream_stats(host);
    slots += stats.slots;
    taken += stats.children;
  }
  return std::to_string(taken) + " of " + std::to_string(slots) + " slots are taken";
}

void World::sum_up_viewers(RunResult& result) {
  Histogram startup;
  Histogram join;
  std::uint64_t packets = 0;
  std::uint64_t packets_written = 0;
  std::uint64_t frames = 0;
  std::uint64_t frames_spoilt = 0;
  const std::string supply = slots_taken();
  for (HostId host = 1; host < hosts(); ++host) {
    if (residents_[host].role != Role::kViewer) continue;
    const bool gone = removed_by_command_[host];
    const ViewerRecord& record = viewer(host).record();
    if (!record.join) continue;
    if (residents_[host].honest())
      check_delivery(scenario_.expect, broadcast_, viewer(host), gone, calm_begins(), network_.now(),
                     stream_stats(host).parents > 0 ? "its parent has no stream" : "no parent; " + supply, findings_);
    if (record.accepted) join.add(*record.accepted - *record.join);
    if (record.first_output) startup.add(*record.first_output - *record.join);
    // Who was removed is owed what it had got so far; who never played, everything since it came.
    const std::uint64_t first = record.first_packet.value_or(broadcast_.packets_due(*record.join));
    const std::uint64_t end = gone ? viewer(host).next().value_or(first) : broadcast_.packets();
    const std::uint64_t next = viewer(host).next().value_or(first);
    if (end > first) {
      packets += end - first;
      frames += broadcast_.frame_of(end - 1) + 1 - broadcast_.frame_of(first);
      frames_spoilt += record.frames_spoilt;
      if (end > next) frames_spoilt += broadcast_.frame_of(end - 1) + 1 - broadcast_.frame_of(next);
    }
    packets_written += record.packets_written;
    result.stream_bytes_delivered += record.bytes_written;

    const node::StreamStats stats = stream_stats(host);
    result.lost_packets += stats.lost_packets;
    result.repaired_packets += stats.repaired_packets;
    result.duplicate_packets += stats.duplicate_packets;
    result.forged_packets += stats.forged_packets;
    result.parent_switches += stats.parent_switches;
    result.depth_max = std::max(result.depth_max, stats.depth);
  }
  result.startup = quantiles(startup);
  result.join = quantiles(join);
  const std::uint64_t timely = lags_.packets + (packets - packets_written);
  result.delivered_by_500ms = share(lags_.packets_by_500ms, timely);
  result.delivered_by_1s = share(lags_.packets_by_1s, timely);
  result.delivered_ever = share(packets_written, packets);
  result.continuity = 1 - share(frames_spoilt, frames);
}

void World::sum_up_wire(RunResult& result) const {
  // IP, UDP, the data datagram's header and its tag (wire/README.md).
  constexpr std::uint64_t kHeaderBytes = Network::kHeaderBytes + 13 + 16;
  std::uint64_t datagrams = 0;
  std::uint64_t wire_bytes = 0;
  for (HostId host = 0; host < hosts(); ++host) {
    datagrams += network_.stats(host).datagrams_sent;
    wire_bytes += network_.stats(host).wire_bytes_sent;
  }
  const std::uint64_t delivered = result.stream_bytes_delivered;
  result.overhead_total = delivered == 0 ? 0 : share(wire_bytes, delivered) - 1;
  result.overhead_headers = share(datagrams * kHeaderBytes, delivered);
  result.publisher_upload_x =
      share(network_.stats(kPublisher).wire_bytes_sent, broadcast_.packets() * Broadcast::kPacketBytes);
}

}  // namespace spate::sim
