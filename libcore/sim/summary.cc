#include "libcore/sim/summary.h"

#include <algorithm>
#include <string>

#include "libcore/sim/checker_delivery.h"
#include "libcore/sim/lower_bound.h"
#include "libcore/sim/world.h"
#include "libcore/wire/shard.h"

namespace spate::sim {
namespace {

constexpr HostId kBoundHostsMax = 200'000;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

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

// The packets that a viewer is owed; `first`: the first that it wrote, or that was due after it came. Who goes before
// the end may be as far behind then as anybody may be, and is owed nothing more: so who is there for a moment only is
// owed what it wrote.
std::uint64_t owed_end(World& world, const World::Life& life, std::uint64_t first) {
  const Broadcast& broadcast = world.broadcast();
  const std::optional<Instant> left = world.interrupted() && !life.gone ? world.network().now() : life.gone;
  if (!left) return broadcast.packets();
  const std::uint64_t due = broadcast.packets_due(std::max(Instant{}, *left - kRecoveryMax));
  return std::max(due, life.viewer->next().value_or(first));
}

// Returns the share of its packets that the whole run delivered, warm-up and all.
double sum_up_viewers(World& world, RunResult& result) {
  const Broadcast& broadcast = world.broadcast();
  Recorder& recorder = world.recorder();
  Histogram join;
  std::uint64_t packets = 0;
  std::uint64_t packets_of_all = 0;
  std::uint64_t written_of_all = 0;
  std::uint64_t frames = 0;
  for (const World::Life& life : world.lives()) {
    if (!world.plays(life)) continue;
    const ViewerRecord& record = life.viewer->record();
    if (record.accepted && *record.join >= world.measured_from()) join.add(*record.accepted - *record.join);
    const std::uint64_t first = record.first_packet.value_or(broadcast.packets_due(*record.join));
    const std::uint64_t next = life.viewer->next().value_or(first);
    const std::uint64_t end = owed_end(world, life, first);
    if (end > first) packets_of_all += end - first;
    if (end > first && end > next) recorder.on_unwritten(broadcast.frame_of(next), broadcast.frame_of(end - 1) + 1);
    if (const std::uint64_t measured = std::max(first, recorder.measured_packet()); end > measured) {
      packets += end - measured;
      frames += broadcast.frame_of(end - 1) + 1 - broadcast.frame_of(measured);
    }
    written_of_all += record.packets_written;
    const node::StreamStats stats = life.viewer->stream_stats();
    result.lost_packets += stats.lost_packets - record.lost_before;
    result.depth_max = std::max(result.depth_max, stats.depth);
  }
  result.join = quantiles(join);
  result.joins = join.count();
  const std::uint64_t timely = recorder.lag().count() + (packets - recorder.packets_written());
  result.delivered_by_500ms = share(recorder.packets_by_500ms(), timely);
  result.delivered_by_1s = share(recorder.packets_by_1s(), timely);
  result.delivered_ever = share(recorder.packets_written(), packets);
  result.continuity = 1 - share(recorder.frames_spoilt(), frames);
  return share(written_of_all, packets_of_all);
}

// What no stream counts as its own is handshakes; they go under control.
void sum_up_wire(World& world, const Tally& measured, RunResult& result) {
  const node::SentBytes& sent = measured.sent;
  const std::uint64_t duplicates = measured.duplicate_bytes;
  const std::uint64_t all = measured.wire_bytes_sent;
  const std::uint64_t delivered = measured.stream_bytes_delivered;
  const std::uint64_t due = world.broadcast().packets_due(world.network().now());
  const std::uint64_t before = std::min(due, world.recorder().measured_packet());
  result.publisher_upload_x =
      share(measured.hosts[kPublisherHost].wire_bytes_sent, (due - before) * Broadcast::kPacketBytes);
  result.repaired_packets = measured.repaired_packets;
  result.duplicate_packets = measured.duplicate_packets;
  result.forged_packets = measured.forged_packets;
  result.parent_switches = measured.parent_switches;
  result.stream_bytes_delivered = delivered;
  if (delivered == 0) return;
  Overhead& overhead = result.overhead;
  overhead.total = share(all, delivered) - 1;
  overhead.headers = share(sent.headers, delivered);
  overhead.signatures = share(sent.signatures, delivered);
  // What comes twice was nearly always asked for in vain.
  overhead.parity = share(sent.parity, delivered);
  overhead.repairs = share(sent.repairs - std::min(sent.repairs, duplicates), delivered);
  overhead.duplicates = share(duplicates, delivered);
  overhead.control = share(sent.control + (all - std::min(all, sent.total())), delivered);
  overhead.rest = overhead.total - overhead.headers - overhead.signatures - overhead.parity - overhead.repairs -
                  overhead.duplicates - overhead.control;
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
    world.findings().add(Rule::kLiveness, world.network().now(), kPublisherHost,
                         std::string(what) + " was " + std::to_string(got * 100) + "%, expected at least " +
                             std::to_string(least_ppm / 1e4) + "%");
  };
  ask("continuity", result.continuity, expect.continuity_ppm);
  ask("delivery within 500 ms", result.delivered_by_500ms, expect.by_500ms_ppm);
  ask("delivery within 1 s", result.delivered_by_1s, expect.by_1s_ppm);
  ask("delivery", ever, expect.ever_ppm);
  const auto ask_lag = [&](const char* what, Duration got, Duration most) {
    if (most == Duration::zero() || got <= most) return;
    world.findings().add(Rule::kLiveness, world.network().now(), kPublisherHost,
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
  result.input_held_max = world.publisher().held_max();
  if (!world.publisher().ended() && !world.publisher().retired() && !world.interrupted())
    world.findings().add(Rule::kLiveness, network.now(), kPublisherHost, "the publisher did not come to its end");
  judge_viewers(world);
  const double ever = sum_up_viewers(world, result);
  Tally measured = tally(world);
  measured -= world.before();
  sum_up_wire(world, measured, result);
  sum_up_links(world, measured, result);
  add_bound(world, result);
  if (!world.interrupted()) judge_all(world.scenario().expect, result, ever, world);
  result.safety_findings = world.findings().safety();
  result.liveness_findings = world.findings().liveness();
  result.findings.assign(world.findings().kept().begin(), world.findings().kept().end());
  return result;
}

}  // namespace spate::sim
