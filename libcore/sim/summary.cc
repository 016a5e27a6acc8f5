#include "libcore/sim/summary.h"

#include <algorithm>
#include <string>

#include "libcore/sim/checker_delivery.h"
#include "libcore/sim/figures.h"
#include "libcore/sim/lower_bound.h"
#include "libcore/sim/world.h"
#include "libcore/wire/shard.h"

namespace spate::sim {
namespace {

constexpr HostId kBoundHostsMax = 200'000;

void judge_viewers(World& world) {
  if (world.interrupted()) return;
  const World::Slots& slots = world.last_slots();
  const std::string supply = "no parent; " + std::to_string(slots.taken) + " of " + std::to_string(slots.all) +
                             " places for children were taken at the end";
  for (const World::Life& life : world.lives()) {
    if (!world.plays(life) || !world.resident(life.host).honest()) continue;
    const bool fed = life.viewer->stream_stats().parents > 0;
    const Viewer& viewer = *life.viewer;
    check_delivery(world.scenario().expect, world.broadcast(),
                   {viewer.host(), viewer.record(), viewer.next(), life.gone.has_value()}, world.calm_begins(),
                   world.network().now(), fed ? "its parent has no stream" : supply, world.findings());
  }
}

// Returns the share of its packets that the whole run delivered, warm-up and all.
double sum_up_viewers(World& world, RunResult& result) {
  Histogram join;
  DeliverySum delivery(world.broadcast(), world.recorder());
  for (const World::Life& life : world.lives()) {
    if (!world.plays(life)) continue;
    const ViewerRecord& record = life.viewer->record();
    if (record.accepted && *record.join >= world.measured_from()) join.add(*record.accepted - *record.join);
    const std::optional<Instant> left = world.interrupted() && !life.gone ? world.network().now() : life.gone;
    delivery.add({*record.join, left, record.first_packet, life.viewer->next(), record.packets_written});
    const node::StreamStats stats = life.viewer->stream_stats();
    result.lost_packets += stats.lost_packets - record.lost_before;
    result.depth_max = std::max(result.depth_max, stats.depth);
  }
  result.join = quantiles(join);
  result.joins = join.count();
  delivery.sum_up(result);
  return delivery.ever_in_all();
}

std::string class_of(World& world, HostId host) {
  switch (world.resident(host).role) {
    case Role::kPublisher:
      return "publisher";
    case Role::kRelay:
      return "relays";
    case Role::kViewer:
      break;
  }
  return world.scenario().viewers[world.resident(host).link_class].name;
}

void sum_up_links(World& world, const Tally& measured, RunResult& result) {
  for (HostId host = 0; host < world.hosts(); ++host) {
    const HostTally& tally = measured.hosts[host];
    // Gone before the figures began.
    if (tally.stayed == Duration::zero() && world.stayed(host) > Duration::zero()) continue;
    world.recorder().on_uplink(class_of(world, host), world.resident(host).up.rate_bps, tally.wire_bytes_sent,
                               tally.stayed);
  }
  result.resource_index = resource_index(world.scenario(), world.rng(), world.scenario().peers);
}

// For the population that the scenario begins with.
void add_bound(World& world, RunResult& result) {
  const HostId hosts = world.scenario().peers;
  if (hosts > kBoundHostsMax) return;
  std::vector<BoundHost> bound;
  for (HostId host = 0; host < hosts; ++host) {
    const Resident& resident = world.resident(host);
    const LinkConfig& up = resident.up;
    bound.push_back({up.trace ? up.trace->most_bps() : up.rate_bps, resident.up.delay, resident.down.delay});
  }
  constexpr std::uint64_t kPacketBytes = wire::kPayloadBytes;
  const LowerBound least = lower_bound(world.delays(), bound, kPublisherHost, kPacketBytes);
  for (const Duration lag : least.by_rank) world.recorder().on_bound(lag);
  result.bound = quantiles(world.recorder().bound());
}

// `ever`: the share that the whole run delivered. All else that is expected is of what was measured.
void judge_all(const ExpectSpec& expect, const RunResult& result, double ever, World& world) {
  const auto ask = [&](const char* what, double got, std::uint32_t least_ppm) {
    if (got * kMillion + 0.5 >= least_ppm) return;
    world.findings().add(Rule::kLiveness, world.network().now(), kWholeRun,
                         std::string(what) + " was " + std::to_string(got * 100) + "%, expected at least " +
                             std::to_string(least_ppm / 1e4) + "%");
  };
  ask("continuity", result.continuity, expect.continuity_ppm);
  ask("delivery within 500 ms", result.delivered_by_500ms, expect.by_500ms_ppm);
  ask("delivery within 1 s", result.delivered_by_1s, expect.by_1s_ppm);
  ask("delivery", ever, expect.ever_ppm);
  if (result.hostile_deeds < expect.hostile_deeds)
    world.findings().add(Rule::kLiveness, world.network().now(), kWholeRun,
                         "hostile hosts did " + std::to_string(result.hostile_deeds) + " deeds, expected at least " +
                             std::to_string(expect.hostile_deeds));
  const auto ask_lag = [&](const char* what, Duration got, Duration most) {
    if (most == Duration::zero() || got <= most) return;
    world.findings().add(Rule::kLiveness, world.network().now(), kWholeRun,
                         std::string(what) + " was " + std::to_string(to_us(got) / 1'000) + " ms, expected at most " +
                             std::to_string(to_us(most) / 1'000) + " ms");
  };
  ask_lag("the median lag", result.lag.p50, expect.lag_p50);
  ask_lag("the lag's 99th percentile", result.lag.p99, expect.lag_p99);
}

}  // namespace

RunResult summarise(World& world) {
  RunResult result;
  const Recorder& recorder = world.recorder();
  Network& network = world.network();
  result.seed = world.scenario().seed;
  result.crypto = crypto_name(world.options().crypto);
  result.peers = world.hosts();
  result.warm_up = world.scenario().warm_up;
  result.simulated = network.now() - Instant{};
  result.digest = network.digest();
  result.network = network.stats();
  result.interrupted = world.interrupted();
  result.lag = quantiles(recorder.lag());
  result.lag_estimate_error = quantiles(recorder.estimate_error());
  result.startup = quantiles(recorder.startup());
  result.startups = recorder.startup().count();
  result.failover = quantiles(recorder.failover());
  result.failovers = recorder.failover().count();
  result.hostile_deeds = world.hostile_deeds();
  result.input_held_max = world.publisher().held_max();
  if (!world.publisher().ended() && !world.publisher().retired() && !world.interrupted())
    world.findings().add(Rule::kLiveness, network.now(), kPublisherHost, "the publisher did not come to its end");
  judge_viewers(world);
  const double ever = sum_up_viewers(world, result);
  Tally measured = tally(world);
  measured -= world.before();
  sum_up_wire(measured, world.broadcast(), world.recorder(), network.now(), result);
  sum_up_links(world, measured, result);
  add_bound(world, result);
  if (!world.interrupted()) judge_all(world.scenario().expect, result, ever, world);
  result.safety_findings = world.findings().safety();
  result.liveness_findings = world.findings().liveness();
  result.findings.assign(world.findings().kept().begin(), world.findings().kept().end());
  return result;
}

}  // namespace spate::sim
