#include "libcore/sim/world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libcore/base/check.h"
#include "libcore/sim/checker_bounds.h"
#include "libcore/sim/faults.h"
#include "libcore/sim/setting.h"
#include "libcore/sim/summary.h"
#include "libcore/stream/store.h"

namespace spate::sim {
namespace {

// Some moment in 2026: the run's epoch, milliseconds since 1970.
constexpr std::uint64_t kEpoch = 1'780'000'000'000;

std::uint64_t history_shards(const Scenario& scenario) {
  constexpr std::uint32_t kPeersWithAll = 1'000;
  if (!scenario.history && scenario.peers <= kPeersWithAll) return stream::Store::kSlots;
  const Duration history = scenario.history.value_or(std::chrono::seconds(4));
  const auto bits = scenario.stream.rate_bps / 1'000 * static_cast<std::uint64_t>(to_us(history) / 1'000);
  // Bursts and short packets make more shards than the rate alone says.
  return std::clamp<std::uint64_t>(bits / (wire::kPayloadBytes * 8) * 5 / 4, 256, stream::Store::kSlots);
}

crypto::StreamKeyPair stream_key(const Rng& rng) {
  ByteArray<32> seed;
  rng.fork("stream key")->fill(seed);
  return crypto::stream_key_pair(seed);
}

// Those who are up to something stay for it.
bool never_leaves(HostileSpec::Kind kind) {
  using Kind = HostileSpec::Kind;
  return kind == Kind::kColluder || kind == Kind::kCopier || kind == Kind::kFlooder || kind == Kind::kMisnamer ||
         kind == Kind::kReplayer || kind == Kind::kStormer || kind == Kind::kSybil;
}

}  // namespace

World::World(const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      rng_(scenario.seed),
      broadcast_(broadcast_config(scenario)),
      delays_(delay_model(scenario.map, options.matrix, rng_)),
      datagram_checker_(findings_),
      amplification_checker_(findings_),
      upload_checker_(findings_),
      forward_checker_(kPublisherHost, findings_),
      nonce_checker_(findings_),
      recorder_(broadcast_, measured_from()),
      suite_(options.crypto == Crypto::kFast ? static_cast<const crypto::Suite&>(fast_suite_) : crypto::sodium_suite()),
      stream_key_(stream_key(rng_)),
      network_(rng_, *delays_),
      warming_up_(scenario.warm_up > Duration::zero()) {
  commons_.suite = &suite_;
  commons_.network = &network_;
  commons_.findings = &findings_;
  network_.keep_frames_in(commons_.pool);
  watch();
  add_publisher();
  for (HostId host = 1; host < scenario.peers; ++host) add_member(Instant{} + draw_arrival(scenario, rng_, host));
  faults_ = std::make_unique<Faults>(*this);
  network_.at(calm_begins(), kPublisherHost, [this] {
    recorder_.on_mark(network_.now(), "calm");
    for (const auto& viewer : viewers_) viewer->watch_for_pauses(network_.now());
  });
}

World::~World() = default;

void World::watch() {
  network_.observe(datagram_checker_);
  network_.observe(amplification_checker_);
  network_.observe(upload_checker_);
  network_.observe(hidden_checker_);
  commons_.seal_observers = {&forward_checker_, &nonce_checker_};
  commons_.open_observers = {&amplification_checker_};
}

crypto::Identity World::draw_identity(Rng& rng) const {
  ByteArray<32> secret;
  rng.fill(secret);
  return suite_.make_identity(secret);
}

// Every host's clock shows something else, as clocks do: nobody may rely on a common time.
PeerConfig World::peer_config(const Rng& rng, HostId host, HostConfig& host_config) {
  const Resident& resident = residents_[host];
  const std::unique_ptr<Rng> clock = rng.fork("clock");
  Draws draws(*clock);
  const Duration offset_min = std::min<Duration>(std::chrono::minutes(1), scenario_.clock.offset_max);
  const std::uint32_t drift_max = scenario_.clock.drift_ppm_max;
  PeerConfig peer;
  peer.commons = &commons_;
  peer.host = host;
  peer.hostile = resident.hostile;
  peer.node.identity = draw_identity(*rng.fork("identity"));
  peer.node.upload_limit_bps = resident.upload_limit_bps;
  upload_checker_.set_limit(host, resident.upload_limit_bps);
  host_config.up = resident.up;
  host_config.down = resident.down;
  host_config.down.mtu_bytes = resident.up.mtu_bytes;
  host_config.wake = scenario_.wake;
  host_config.clock.offset = draws.between(offset_min, scenario_.clock.offset_max);
  host_config.clock.drift_ppm =
      static_cast<std::int32_t>(draws.below(2 * std::uint64_t{drift_max} + 1)) - static_cast<std::int32_t>(drift_max);
  return peer;
}

void World::add_publisher() {
  residents_.push_back(draw_resident(scenario_, rng_, kPublisherHost));
  removed_by_command_.push_back(false);
  gone_at_.push_back(std::nullopt);
  past_.emplace_back();
  const std::unique_ptr<Rng> rng = rng_.fork("host 0");
  HostConfig host_config;
  const PeerConfig peer = peer_config(*rng, kPublisherHost, host_config);
  publisher_ = std::make_unique<Publisher>(
      peer, rng->fork("node"), [this] { on_stopped(kPublisherHost); }, broadcast_);
  network_.add(*publisher_, host_config);
  introducers_.push_back({Network::address_of(kPublisherHost), peer.node.identity.node.public_key});
  hidden_checker_.add_link_host(kPublisherHost);
  ++running_;

  node::PublishConfig publish;
  publish.key = stream_key_;
  publish.epoch = kEpoch;
  publish.capacity_milli = residents_[kPublisherHost].capacity_milli;
  network_.at(Instant{}, kPublisherHost, [this, publish] { publisher_->publish(publish); });
}

// A relay or a viewer, which joins at that time.
void World::add_member(Instant joins) {
  const HostId host = hosts();
  residents_.push_back(draw_resident(scenario_, rng_, host));
  removed_by_command_.push_back(false);
  gone_at_.push_back(std::nullopt);
  past_.emplace_back();
  HostConfig host_config;
  viewers_.push_back(make_viewer(host, 0, true, host_config));
  if (residents_[host].role == Role::kRelay) hidden_checker_.add_link_host(host);
  if (residents_[host].relay_only) hidden_checker_.add_hidden(host);
  if (residents_[host].role == Role::kViewer) host_config.box = homes_.draw_box(scenario_.nat, rng_, host, network_);
  network_.add(*viewers_.back(), host_config);
  if (residents_[host].udp_blocked) network_.block_udp(host);
  ++running_;
  network_.at(joins, host, [this, host] { join(host); });
}

std::unique_ptr<Viewer> World::make_viewer(HostId host, unsigned life, bool same_key, HostConfig& host_config) {
  const std::unique_ptr<Rng> rng = rng_.fork("host " + std::to_string(host));
  PeerConfig peer = peer_config(*rng, host, host_config);
  const std::string this_life = "node " + std::to_string(life);
  if (!same_key) peer.node.identity = draw_identity(*rng->fork("identity of " + this_life));
  if (life == 0 && residents_[host].role == Role::kRelay)
    introducers_.push_back({Network::address_of(host), peer.node.identity.node.public_key});
  return std::make_unique<Viewer>(
      peer, rng->fork(this_life), [this, host] { on_stopped(host); }, broadcast_, *publisher_, findings_, recorder_);
}

HostId World::add_viewer() {
  add_member(network_.now());
  return hosts() - 1;
}

void World::join(HostId host) {
  if (!network_.present(host) || viewer(host).record().join) return;  // gone before it came, or back early
  const Resident& resident = residents_[host];
  node::JoinConfig config;
  config.stream = stream_key_.public_key;
  config.hosts = introducers_;
  config.capacity_milli = resident.capacity_milli;
  config.latency = scenario_.latency;
  config.history_shards = history_shards(scenario_);
  config.output = resident.role == Role::kViewer;
  config.relay_only = resident.relay_only;
  config.tcp = blocks_udp(scenario_);
  config.connect_timeout = std::chrono::hours(1);  // somebody would start it again
  if (resident.role == Role::kRelay) config.hosts = {introducers_.front()};
  viewer(host).join(config, network_.now());
  if (resident.role == Role::kViewer) schedule_departure(host);
  if (resident.hostile) begin_mischief(host);
}

void World::begin_mischief(HostId host) {
  const HostileSpec::Kind kind = *residents_[host].hostile;
  const Instant begins = Instant{} + residents_[host].hostile_at;
  if (kind == HostileSpec::Kind::kColluder) {  // one that comes late goes at once
    network_.at(std::max(begins, network_.now()), host, [this, host] {
      if (!network_.present(host)) return;
      kill(host);
      ++colluders_gone_;
    });
  }
  std::unique_ptr<Mischief>& mischief = mischief_[host];
  if (mischief != nullptr) return;  // its host crashed, and is back
  mischief = make_mischief(
      kind,
      {network_, findings_, suite_, host, begins, scenario_.stream.rate_bps, stream_key_.public_key, introducers_},
      rng_.fork("mischief " + std::to_string(host)));
  if (mischief == nullptr) return;
  network_.observe(*mischief);
  mischief->start();
}

void World::schedule_departure(HostId host) {
  if (residents_[host].hostile && never_leaves(*residents_[host].hostile)) return;
  const std::optional<Stay> stay = draw_stay(scenario_, rng_, host);
  if (!stay || stay->lasts >= calm_begins() - network_.now()) return;
  const Viewer* const who = &viewer(host);  // whoever comes back after a crash has a term of its own
  network_.at(network_.now() + stay->lasts, host, [this, host, abrupt = stay->abrupt, who] {
    if (who == &viewer(host)) depart(host, abrupt);
  });
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
  recorder_.on_gone(host, network_.now());
  gone_at_[host] = network_.now();
  peer(host).retire();
}

void World::kill(HostId host) {
  removed_by_command_[host] = true;
  remove(host);
}

void World::crash(HostId host, bool keeps_state) {
  if (!network_.present(host)) return;
  remove(host);
  Past& past = past_[host];
  past.stayed += last_life(host);
  HostConfig unused;
  std::unique_ptr<Viewer> next = make_viewer(host, ++past.lives, keeps_state, unused);
  former_.push_back({host, std::exchange(viewers_[host - 1], std::move(next)), network_.now()});
}

void World::come_back(HostId host) {
  if (network_.present(host) || removed_by_command_[host] || viewer(host).retired()) return;
  network_.revive(host, viewer(host));
  gone_at_[host].reset();
  ++running_;
  join(host);
}

std::vector<World::Life> World::lives() {
  std::vector<Life> lives;
  for (const Former& former : former_) lives.push_back({former.host, former.viewer.get(), former.gone});
  for (HostId host = 1; host < hosts(); ++host)
    lives.push_back({host, &viewer(host), removed_by_command_[host] ? gone_at_[host] : std::nullopt});
  std::stable_sort(lives.begin(), lives.end(), [](const Life& a, const Life& b) { return a.host < b.host; });
  return lives;
}

void World::leave(HostId host) {
  if (!network_.present(host)) return;
  removed_by_command_[host] = true;
  viewer(host).leave();
  network_.touch(host);
  remove(host);
}

Peer& World::peer(HostId host) {
  return host == kPublisherHost ? static_cast<Peer&>(*publisher_) : static_cast<Peer&>(viewer(host));
}

bool World::plays(const Life& life) const {
  return residents_[life.host].role == Role::kViewer && life.viewer->record().join;
}

// A warm-up is no event: with and without it a run is the same.
void World::run_until(Instant time) {
  if (warming_up_ && time >= measured_from()) {
    advance(measured_from() - Duration(1));
    end_warm_up();
    recorder_.on_mark(measured_from(), "warm-up ends");
  }
  advance(time);
}

void World::end_warm_up() {
  warming_up_ = false;
  before_ = tally(*this);
}

void World::advance(Instant time) {
  for (; next_second_ <= time; next_second_ += std::chrono::seconds(1)) {
    network_.run_until(next_second_);
    close_second();
  }
  network_.run_until(time);
}

void World::close_second() {
  for (HostId host = 0; host < hosts(); ++host)
    if (network_.present(host))
      check_bounds(host, peer(host).node_stats(), peer(host).fills(), network_.now(), findings_);
  check_conservation(network_.stats(), network_.now(), findings_);
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
  last_slots_ = slots();
  for (HostId host = 1; host < hosts(); ++host) {
    if (!network_.present(host)) continue;
    if (const std::uint32_t depth = stream_stats(host).depth; depth > 0) recorder_.on_depth(depth);
  }
}

World::Slots World::slots() {
  Slots slots;
  const std::uint64_t whole = std::max<std::uint64_t>(1, stream_stats(kPublisherHost).stripes);
  for (HostId host = 0; host < hosts(); ++host) {
    if (!network_.present(host)) continue;
    const node::StreamStats stats = stream_stats(host);
    slots.all += stats.slots;
    slots.taken += stats.slots_used;
  }
  // From stripes to whole streams; what is begun is taken.
  slots.all /= whole;
  slots.taken = (slots.taken + whole - 1) / whole;
  return slots;
}

std::uint64_t World::wire_bytes_sent() const {
  std::uint64_t bytes = 0;
  for (HostId host = 0; host < hosts(); ++host) bytes += network_.stats(host).wire_bytes_sent;
  return bytes;
}

std::uint64_t World::hostile_deeds() {
  std::uint64_t deeds = colluders_gone_;
  for (const auto& [host, mischief] : mischief_)
    if (mischief != nullptr) deeds += mischief->deeds();
  for (const Life& life : lives()) deeds += life.viewer->deeds();
  return deeds;
}

Duration World::stayed(HostId host) { return past_[host].stayed + last_life(host); }

Duration World::last_life(HostId host) {
  const Instant left = gone_at_[host].value_or(network_.now());
  const Instant came = host == kPublisherHost ? Instant{} : viewer(host).record().join.value_or(left);
  return left - came;
}

RunResult World::result() {
  record_hops();
  if (warming_up_) end_warm_up();  // interrupted before that: nothing was measured
  if (network_.now() + std::chrono::seconds(1) != next_second_) close_second();
  return summarise(*this);
}

}  // namespace spate::sim
