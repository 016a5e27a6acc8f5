#include "libcore/sim/schemes/stage.h"

#include <algorithm>

#include "libcore/sim/figures.h"
#include "libcore/sim/schemes/host.h"
#include "libcore/wire/shard.h"

namespace spate::sim {
namespace {

constexpr Duration kDrainMax = std::chrono::seconds(15);
constexpr std::uint32_t kStreamsMax = 64;  // of a host without a limit

SchemeFactory factory_of(SchemeName scheme) {
  switch (scheme) {
    case SchemeName::kSingleTree:
      return make_tree_host;
    case SchemeName::kPullMesh:
      return make_pull_host;
    case SchemeName::kRandomPush:
      break;
  }
  return make_push_host;
}

// The stream's with headers, and a tenth for repairs.
std::uint64_t stream_bps(const Scenario& scenario) {
  const std::uint64_t wire_bytes = wire::kPayloadBytes + SchemeHost::kHeaderBytes + Network::kHeaderBytes;
  return scenario.stream.rate_bps * wire_bytes / wire::kPayloadBytes * 11 / 10;
}

std::uint64_t shards_in(const Scenario& scenario, Duration time) {
  const BroadcastConfig config = broadcast_config(scenario);
  const Broadcast broadcast(config);
  // Frames end with short ones, and those of a group may differ.
  const std::uint64_t group = Shards(broadcast, config.frames_per_group).end_of(config.frames_per_group - 1);
  const Duration lasts = Duration(std::chrono::seconds(1)) * config.frames_per_group / config.frames_per_second;
  return group * static_cast<std::uint64_t>(time / lasts + 2);
}

}  // namespace

std::optional<std::string> unfit_for_baselines(const Scenario& scenario) {
  if (!scenario.faults.empty()) return "faults befall the real nodes only";
  if (!scenario.hostile.empty()) return "hostile hosts are among the real nodes only";
  const auto harms = [](const LinkConfig& link) { return link.corrupt_ppm > 0 || link.truncate_ppm > 0; };
  bool harmed = harms(scenario.publisher.up) || harms(scenario.publisher.down) || harms(scenario.relay.up) ||
                harms(scenario.relay.down);
  for (const LinkClass& viewers : scenario.viewers) harmed = harmed || harms(viewers.up) || harms(viewers.down);
  if (harmed) return "only the real nodes can tell a datagram that was corrupted or truncated";
  return std::nullopt;
}

Stage::Stage(SchemeName scheme, const Scenario& scenario, const RunOptions& options)
    : scenario_(scenario),
      options_(options),
      make_host_(factory_of(scheme)),
      rng_(scenario.seed),
      broadcast_(broadcast_config(scenario)),
      shards_(broadcast_, broadcast_config(scenario).frames_per_group),
      delays_(delay_model(scenario.map, options.matrix, rng_)),
      recorder_(broadcast_, Instant{} + scenario.warm_up),
      network_(rng_, *delays_),
      window_(shards_in(scenario, patience())) {
  for (HostId host = 0; host < scenario.peers; ++host) add(Instant{} + draw_arrival(scenario, rng_, host));
}

Stage::~Stage() = default;

void Stage::add(Instant joins) {
  const auto host = static_cast<HostId>(residents_.size());
  residents_.push_back(draw_resident(scenario_, rng_, host));
  programs_.push_back(make_host_(*this, host));
  joined_.push_back(false);
  joined_at_.push_back(joins);
  gone_at_.push_back(std::nullopt);
  HostConfig config;
  config.up = residents_[host].up;
  config.down = residents_[host].down;
  config.wake = scenario_.wake;
  if (residents_[host].role == Role::kViewer) config.box = homes_.draw_box(scenario_.nat, rng_, host, network_);
  network_.add(*programs_[host], config);
  network_.at(joins, host, [this, host] { join(host); });
}

void Stage::join(HostId host) {
  joined_[host] = true;
  present_.push_back(host);
  if (host != kPublisherHost) recorder_.on_join(host, network_.now());
  programs_[host]->join(network_.now());
  if (residents_[host].role == Role::kViewer) schedule_departure(host);
}

void Stage::schedule_departure(HostId host) {
  const std::optional<Stay> stay = draw_stay(scenario_, rng_, host);
  const Instant calm = Instant{} + scenario_.duration - scenario_.calm;
  if (!stay || stay->lasts >= calm - network_.now()) return;
  network_.at(network_.now() + stay->lasts, host, [this, host, abrupt = stay->abrupt] {
    if (!abrupt) programs_[host]->leave(network_.now());
    if (!abrupt) network_.touch(host);
    remove(host);
    if (scenario_.churn.replace) add(network_.now());
  });
}

void Stage::remove(HostId host) {
  network_.remove(host);
  std::erase(present_, host);
  gone_at_[host] = network_.now();
  recorder_.on_gone(host, network_.now());
}

Duration Stage::one_way(HostId from, HostId to) {
  return residents_[from].up.delay + delays_->one_way(from, to) + residents_[to].down.delay;
}

std::uint64_t Stage::uplink_bps(HostId host) const {
  const std::uint64_t up = residents_[host].up.rate_bps;
  return up == 0 ? kStreamsMax * stream_bps(scenario_) : std::max<std::uint64_t>(up / 100 * 97, 1);
}

std::uint32_t Stage::streams(HostId host) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(uplink_bps(host) / stream_bps(scenario_), kStreamsMax));
}

bool Stage::over() const {
  if (network_.now() < broadcast_.due(broadcast_.frames() - 1)) return false;
  return std::all_of(present_.begin(), present_.end(), [this](HostId host) {
    return host == kPublisherHost || programs_[host]->player().life().next == broadcast_.packets();
  });
}

void Stage::run_to_the_end(const std::function<bool()>& go_on) {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  const Instant end = broadcast_.due(broadcast_.frames()) + kDrainMax;
  const Instant measured = recorder_.measured_from();
  while (!over() && network_.now() < end && !interrupted_) {
    const Instant next = std::min(network_.now() + kStep, end);
    if (network_.now() < measured && next >= measured) {
      advance(measured - Duration(1));
      before_ = tally();
      recorder_.on_mark(measured, "warm-up ends");
    }
    advance(next);
    interrupted_ = go_on && !go_on();
  }
}

void Stage::advance(Instant time) {
  for (; next_second_ <= time; next_second_ += std::chrono::seconds(1)) {
    network_.run_until(next_second_);
    close_second();
  }
  network_.run_until(time);
}

void Stage::close_second() { recorder_.on_second(tally().wire_bytes_sent, 0, network_.now()); }

Duration Stage::stayed(HostId host) const {
  return gone_at_[host].value_or(network_.now()) - std::min(joined_at_[host], network_.now());
}

Tally Stage::tally() const {
  Tally tally;
  for (HostId host = 0; host < residents_.size(); ++host) {
    const SchemeHost& program = *programs_[host];
    const SchemeHost::Counts& counts = program.counts();
    tally.hosts.push_back({network_.stats(host).wire_bytes_sent, stayed(host)});
    tally.wire_bytes_sent += network_.stats(host).wire_bytes_sent;
    tally.sent += counts.sent;
    tally.duplicate_bytes += counts.duplicate_bytes;
    if (residents_[host].role != Role::kViewer) continue;
    tally.repaired_packets += counts.repaired;
    tally.duplicate_packets += counts.duplicates;
    tally.parent_switches += counts.switches;
    tally.stream_bytes_delivered += program.player().life().written * Broadcast::kPacketBytes;
  }
  return tally;
}

RunResult Stage::result() {
  if (network_.now() + std::chrono::seconds(1) != next_second_) close_second();
  RunResult result;
  result.seed = scenario_.seed;
  result.digest = network_.digest();
  result.peers = static_cast<std::uint32_t>(residents_.size());
  result.simulated = network_.now() - Instant{};
  result.warm_up = scenario_.warm_up;
  result.interrupted = interrupted_;
  result.network = network_.stats();
  result.lag = quantiles(recorder_.lag());
  result.startup = quantiles(recorder_.startup());
  result.startups = recorder_.startup().count();
  result.failover = quantiles(recorder_.failover());
  result.failovers = recorder_.failover().count();
  DeliverySum delivery(broadcast_, recorder_);
  for (HostId host = 0; host < residents_.size(); ++host) {
    if (residents_[host].role != Role::kViewer || !joined_[host]) continue;
    DeliverySum::Life life = programs_[host]->player().life();
    life.joined = joined_at_[host];
    life.left = interrupted_ && !gone_at_[host] ? network_.now() : gone_at_[host];
    delivery.add(life);
    result.depth_max = std::max(result.depth_max, present(host) ? programs_[host]->depth() : 0);
  }
  delivery.sum_up(result);
  Tally measured = tally();
  measured -= before_;
  sum_up_wire(measured, broadcast_, recorder_, network_.now(), result);
  result.resource_index = resource_index(scenario_, rng_, scenario_.peers);
  return result;
}

}  // namespace spate::sim
