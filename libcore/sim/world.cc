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
      recorder_(broadcast_),
      stream_key_(stream_key(rng_)),
      removed_by_command_(config.peers),
      network_(rng_, delays_),
      running_(config.peers),
      gone_at_(config.peers) {
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
      findings_, recorder_));
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
  network_.at(network_.now(), host, [this, host] { remove(host); });
}

void World::remove(HostId host) {
  network_.remove(host);
  recorder_.on_gone(host, network_.now());
  if (!gone_at_[host]) gone_at_[host] = network_.now();
}

void World::kill(HostId host) {
  removed_by_command_[host] = true;
  if (network_.present(host)) --running_;
  remove(host);
}

void World::leave(HostId host) {
  removed_by_command_[host] = true;
  viewer(host).leave(network_.now());
  network_.touch(host);
  remove(host);
}

node::StreamStats World::stream_stats(HostId host) {
  Peer& peer = host == kPublisher ? static_cast<Peer&>(*publisher_) : viewer(host);
  return peer.stream_stats(network_.now());
}

bool World::over() const { return running_ == 0; }

void World::run_until(Instant time) {
  for (; next_second_ <= time; next_second_ += std::chrono::seconds(1)) {
    network_.run_until(next_second_);
    close_second();
  }
  network_.run_until(time);
}

void World::close_second() {
  recorder_.on_second(wire_bytes_sent(), findings_.safety() + findings_.liveness(), network_.now());
}

void World::run_to_the_end(const std::function<bool()>& go_on) {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  while (!over() && network_.now() < end() && !interrupted_) {
    run_until(std::min(network_.now() + kStep, end()));
    if (network_.now() + kStep > broadcast_.due(broadcast_.frames() - 1)) record_hops();
    interrupted_ = go_on && !go_on();
  }
}

// As they are just before the input ends, or when the run does: after that hosts go.
void World::record_hops() {
  if (std::exchange(hops_recorded_, true)) return;
  for (HostId host = 1; host < config_.peers; ++host) {
    if (!network_.present(host) || !viewer(host).record().join) continue;
    if (const std::uint32_t depth = stream_stats(host).depth; depth > 0) recorder_.on_depth(depth);
  }
}

RunResult World::result() {
  record_hops();
  RunResult result;
  result.seed = config_.seed;
  result.crypto = "real";
  result.peers = config_.peers;
  result.simulated = network_.now() - Instant{};
  result.digest = network_.digest();
  result.network = network_.stats();
  result.interrupted = interrupted_;
  result.lag = quantiles(recorder_.lag());
  if (recorder_.bound().count() > 0) result.bound = quantiles(recorder_.bound());
  result.lag_estimate_error = quantiles(recorder_.estimate_error());
  result.startup = quantiles(recorder_.startup());
  result.failover = quantiles(recorder_.failover());
  result.input_held_max = publisher_->held_max();
  if (!publisher_->ended() && !removed_by_command_[kPublisher] && !interrupted_)
    findings_.add(Rule::kLiveness, network_.now(), kPublisher, "the publisher did not come to its end");
  sum_up_viewers(result);
  sum_up_wire(result);
  sum_up_links(result);
  close_second();
  result.safety_findings = findings_.safety();
  result.liveness_findings = findings_.liveness();
  result.findings.assign(findings_.kept().begin(), findings_.kept().end());
  return result;
}

void World::sum_up_viewers(RunResult& result) {
  Histogram join;
  std::uint64_t packets = 0;
  std::uint64_t packets_written = 0;
  std::uint64_t frames = 0;
  std::uint64_t frames_spoilt = 0;
  for (HostId host = 1; host < config_.peers; ++host) {
    const bool gone = removed_by_command_[host] || interrupted_;
    if (!interrupted_) check_delivery(config_.rules, broadcast_, viewer(host), gone, network_.now(), findings_);
    const ViewerRecord& record = viewer(host).record();
    if (!record.join) continue;
    if (record.accepted) join.add(*record.accepted - *record.join);
    // Who was removed is owed what it had got so far; who never played, everything since it came.
    const std::uint64_t first = record.first_packet.value_or(broadcast_.packets_due(*record.join));
    const std::uint64_t end = gone ? viewer(host).next().value_or(first) : broadcast_.packets();
    const std::uint64_t next = viewer(host).next().value_or(first);
    if (end > first) {
      packets += end - first;
      frames += broadcast_.frame_of(end - 1) + 1 - broadcast_.frame_of(first);
      frames_spoilt += record.frames_spoilt;
      if (end > next) {
        frames_spoilt += broadcast_.frame_of(end - 1) + 1 - broadcast_.frame_of(next);
        recorder_.on_unwritten(broadcast_.frame_of(next), broadcast_.frame_of(end - 1) + 1);
      }
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
  result.join = quantiles(join);
  const std::uint64_t timely = recorder_.lag().count() + (packets - packets_written);
  result.delivered_by_500ms = share(recorder_.packets_by_500ms(), timely);
  result.delivered_by_1s = share(recorder_.packets_by_1s(), timely);
  result.delivered_ever = share(packets_written, packets);
  result.continuity = 1 - share(frames_spoilt, frames);
}

std::uint64_t World::wire_bytes_sent() const {
  std::uint64_t bytes = 0;
  for (HostId host = 0; host < config_.peers; ++host) bytes += network_.stats(host).wire_bytes_sent;
  return bytes;
}

// What no stream counts as its own is handshakes; they go under control.
void World::sum_up_wire(RunResult& result) {
  node::SentBytes sent;
  std::uint64_t duplicates = 0;
  for (HostId host = 0; host < config_.peers; ++host) {
    if (host != kPublisher && !viewer(host).record().join) continue;
    const node::StreamStats stats = stream_stats(host);
    sent += stats.sent;
    duplicates += stats.duplicate_bytes;
  }
  const std::uint64_t all = wire_bytes_sent();
  const std::uint64_t delivered = result.stream_bytes_delivered;
  result.publisher_upload_x = share(network_.stats(kPublisher).wire_bytes_sent,
                                    broadcast_.packets_due(network_.now()) * Broadcast::kPacketBytes);
  if (delivered == 0) return;
  Overhead& overhead = result.overhead;
  overhead.total = share(all, delivered) - 1;
  overhead.headers = share(sent.headers, delivered);
  overhead.signatures = share(sent.signatures, delivered);
  // What comes twice was nearly always asked for in vain.
  overhead.repairs = share(sent.repairs - std::min(sent.repairs, duplicates), delivered);
  overhead.duplicates = share(duplicates, delivered);
  overhead.control = share(sent.control + (all - sent.total()), delivered);
  overhead.rest = overhead.total - overhead.headers - overhead.signatures - overhead.repairs - overhead.duplicates -
                  overhead.control;
}

// From its start to its end, or to now.
Duration World::present(HostId host) {
  const Instant end = gone_at_[host].value_or(network_.now());
  const Instant begin = host == kPublisher ? Instant{} : viewer(host).record().join.value_or(end);
  return end - begin;
}

void World::sum_up_links(RunResult& result) {
  recorder_.on_uplink("publisher", config_.publisher_up_bps, network_.stats(kPublisher).wire_bytes_sent,
                      present(kPublisher));
  const std::uint64_t viewers = config_.peers - 1;
  for (HostId host = 1; host < config_.peers; ++host)
    recorder_.on_uplink("viewers", config_.up_bps, network_.stats(host).wire_bytes_sent, present(host));
  if (config_.publisher_up_bps > 0 && config_.up_bps > 0)
    result.resource_index = share(config_.publisher_up_bps + viewers * config_.up_bps, viewers * config_.rate_bps);
}

}  // namespace spate::sim
