#include "libcore/sim/world.h"

#include <algorithm>
#include <string>
#include <utility>

namespace spate::sim {
namespace {

// Some moment in 2026: the run's epoch, milliseconds since 1970.
constexpr std::uint64_t kEpoch = 1'780'000'000'000;
constexpr std::uint32_t kFramesPerSecond = 25;
constexpr HostId kPublisher = 0;

BroadcastConfig broadcast_config(const RunConfig& config) {
  BroadcastConfig broadcast;
  broadcast.rate_bps = config.rate_bps;
  broadcast.frames_per_second = kFramesPerSecond;
  broadcast.frames_per_group = 2 * kFramesPerSecond;
  broadcast.key_frame_weight = config.key_frame_weight;
  broadcast.frames = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(config.duration / std::chrono::milliseconds(1'000 / kFramesPerSecond)));
  return broadcast;
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

World::World(const RunConfig& config)
    : config_(config),
      rng_(config.seed),
      broadcast_(broadcast_config(config)),
      delays_(rng_, config.delay_min, config.delay_max),
      datagram_checker_(findings_),
      stream_key_(stream_key(rng_)),
      removed_by_command_(config.peers),
      network_(rng_, delays_),
      running_(config.peers) {
  network_.observe(datagram_checker_);
  add_publisher();
  for (HostId host = 1; host < config.peers; ++host) add_viewer(host);
}

World::~World() = default;

LinkConfig World::uplink(std::uint64_t rate_bps) const {
  LinkConfig link;
  link.rate_bps = rate_bps;
  link.queue_bytes = config_.queue_bytes;
  link.jitter = config_.jitter;
  link.reorders = config_.jitter_reorders;
  link.loss_ppm = config_.loss_ppm / 2;
  link.loss_burst = config_.loss_burst;
  link.duplicate_ppm = config_.duplicate_ppm;
  return link;
}

LinkConfig World::downlink() const {
  LinkConfig link;
  link.rate_bps = config_.down_bps;
  link.queue_bytes = config_.queue_bytes;
  link.loss_ppm = config_.loss_ppm - config_.loss_ppm / 2;
  link.loss_burst = config_.loss_burst;
  return link;
}

// Every host's clock shows something else, as clocks do: nobody may rely on a common time.
PeerConfig World::peer_config(const Rng& rng, HostId host, const LinkConfig& up, HostConfig& host_config) const {
  const std::unique_ptr<Rng> clock = rng.fork("clock");
  PeerConfig peer;
  peer.host = host;
  peer.clock_offset = Draws(*clock).between(std::chrono::minutes(1), std::chrono::hours(1'000));
  peer.node.identity = crypto::generate_node_key_pair(*rng.fork("identity"));
  host_config = {up, downlink(), peer.clock_offset};
  return peer;
}

void World::add_publisher() {
  const std::unique_ptr<Rng> rng = rng_.fork("host 0");
  HostConfig host_config;
  const PeerConfig peer = peer_config(*rng, kPublisher, uplink(config_.publisher_up_bps), host_config);
  publisher_ = std::make_unique<Publisher>(
      peer, crypto::sodium_suite(), rng->fork("node"), [this] { on_stopped(kPublisher); }, broadcast_);
  network_.add(*publisher_, host_config);
  publisher_host_ = {Network::address_of(kPublisher), peer.node.identity.public_key};

  node::PublishConfig publish;
  publish.key = stream_key_;
  publish.epoch = kEpoch;
  publish.children_max = config_.publisher_children;
  network_.at(Instant{}, kPublisher, [this, publish] { publisher_->publish(publish, network_.now()); });
}

void World::add_viewer(HostId host) {
  const std::unique_ptr<Rng> rng = rng_.fork("host " + std::to_string(host));
  HostConfig host_config;
  PeerConfig peer = peer_config(*rng, host, uplink(config_.up_bps), host_config);
  peer.node.upload_limit_bps = config_.upload_limit_bps;
  viewers_.push_back(std::make_unique<Viewer>(
      peer, crypto::sodium_suite(), rng->fork("node"), [this, host] { on_stopped(host); }, broadcast_, *publisher_,
      findings_, lags_));
  network_.add(*viewers_.back(), host_config);

  node::JoinConfig join;
  join.stream = stream_key_.public_key;
  join.hosts = {publisher_host_};
  join.children_max = config_.viewer_children;
  join.latency = config_.latency;
  const std::unique_ptr<Rng> arrival = rng->fork("arrival");
  const Instant when = Instant{} + Draws(*arrival).between(Duration::zero(), config_.join_within);
  network_.at(when, host, [this, host, join] { viewer(host).join(join, network_.now()); });
}

// The process exits once what it has to say is sent: after the poll that told of the end.
void World::on_stopped(HostId host) {
  --running_;
  network_.at(network_.now(), host, [this, host] { network_.remove(host); });
}

void World::kill(HostId host) {
  removed_by_command_[host] = true;
  if (network_.present(host)) --running_;
  network_.remove(host);
}

void World::leave(HostId host) {
  removed_by_command_[host] = true;
  viewer(host).leave(network_.now());
  network_.touch(host);
  network_.remove(host);
}

node::StreamStats World::stream_stats(HostId host) {
  Peer& peer = host == kPublisher ? static_cast<Peer&>(*publisher_) : viewer(host);
  return peer.stream_stats(network_.now());
}

bool World::over() const { return running_ == 0; }

void World::run_to_the_end() {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  const Instant end = broadcast_.due(broadcast_.frames()) + config_.drain_max;
  while (!over() && network_.now() < end) network_.run_until(std::min(network_.now() + kStep, end));
}

RunResult World::result() {
  RunResult result;
  result.seed = config_.seed;
  result.crypto = "real";
  result.peers = config_.peers;
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

void World::sum_up_viewers(RunResult& result) {
  Histogram startup;
  Histogram join;
  std::uint64_t packets = 0;
  std::uint64_t packets_written = 0;
  std::uint64_t frames = 0;
  std::uint64_t frames_spoilt = 0;
  for (HostId host = 1; host < config_.peers; ++host) {
    const bool gone = removed_by_command_[host];
    check_delivery(config_.rules, broadcast_, viewer(host), gone, network_.now(), findings_);
    const ViewerRecord& record = viewer(host).record();
    if (!record.join) continue;
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
  for (HostId host = 0; host < config_.peers; ++host) {
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
