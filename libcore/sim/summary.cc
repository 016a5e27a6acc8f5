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

bool plays(World& world, const World::Life& life) {
  return world.resident(life.host).role == Role::kViewer && life.viewer->record().join;
}

void judge_viewers(World& world) {
  if (world.interrupted()) return;
  const World::Slots& slots = world.last_slots();
  const std::string supply = "no parent; " + std::to_string(slots.taken) + " of " + std::to_string(slots.all) +
                             " places for children were taken at the end";
  for (const World::Life& life : world.lives()) {
    if (!plays(world, life) || !world.resident(life.host).honest()) continue;
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

void sum_up_viewers(World& world, RunResult& result) {
  const Broadcast& broadcast = world.broadcast();
  Recorder& recorder = world.recorder();
  Histogram join;
  std::uint64_t packets = 0;
  std::uint64_t packets_written = 0;
  std::uint64_t frames = 0;
  std::uint64_t frames_spoilt = 0;
  for (const World::Life& life : world.lives()) {
    if (!plays(world, life)) continue;
    const ViewerRecord& record = life.viewer->record();
    if (record.accepted) join.add(*record.accepted - *record.join);
    const std::uint64_t first = record.first_packet.value_or(broadcast.packets_due(*record.join));
    const std::uint64_t next = life.viewer->next().value_or(first);
    const std::uint64_t end = owed_end(world, life, first);
    if (end > first) {
      packets += end - first;
      frames += broadcast.frame_of(end - 1) + 1 - broadcast.frame_of(first);
      frames_spoilt += record.frames_spoilt;
      if (end > next) {
        frames_spoilt += broadcast.frame_of(end - 1) + 1 - broadcast.frame_of(next);
        recorder.on_unwritten(broadcast.frame_of(next), broadcast.frame_of(end - 1) + 1);
      }
    }
    packets_written += record.packets_written;
    result.stream_bytes_delivered += record.bytes_written;

    const node::StreamStats stats = life.viewer->stream_stats();
    result.lost_packets += stats.lost_packets;
    result.repaired_packets += stats.repaired_packets;
    result.duplicate_packets += stats.duplicate_packets;
    result.forged_packets += stats.forged_packets;
    result.parent_switches += stats.parent_switches;
    result.depth_max = std::max(result.depth_max, stats.depth);
  }
  result.join = quantiles(join);
  const std::uint64_t timely = recorder.lag().count() + (packets - packets_written);
  result.delivered_by_500ms = share(recorder.packets_by_500ms(), timely);
  result.delivered_by_1s = share(recorder.packets_by_1s(), timely);
  result.delivered_ever = share(packets_written, packets);
  result.continuity = 1 - share(frames_spoilt, frames);
}

// What no stream counts as its own is handshakes; they go under control.
void sum_up_wire(World& world, RunResult& result) {
  node::SentBytes sent;
  std::uint64_t duplicates = 0;
  sent += world.publisher().stream_stats().sent;
  for (const World::Life& life : world.lives()) {
    const node::StreamStats stats = life.viewer->stream_stats();
    sent += stats.sent;
    duplicates += stats.duplicate_bytes;
  }
  const std::uint64_t all = world.wire_bytes_sent();
  const std::uint64_t delivered = result.stream_bytes_delivered;
  result.publisher_upload_x = share(world.network().stats(kPublisherHost).wire_bytes_sent,
                                    world.broadcast().packets_due(world.network().now()) * Broadcast::kPacketBytes);
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

void sum_up_links(World& world, RunResult& result) {
  for (HostId host = 0; host < world.hosts(); ++host)
    world.recorder().on_uplink(class_of(world, host), world.resident(host).up.rate_bps,
                               world.network().stats(host).wire_bytes_sent, world.stayed(host));
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

void judge_all(const ExpectSpec& expect, const RunResult& result, World& world) {
  const auto ask = [&](const char* what, double got, std::uint32_t least_ppm) {
    if (got * kMillion + 0.5 >= least_ppm) return;
    world.findings().add(Rule::kLiveness, world.network().now(), kPublisherHost,
                         std::string(what) + " was " + std::to_string(got * 100) + "%, expected at least " +
                             std::to_string(least_ppm / 1e4) + "%");
  };
  ask("continuity", result.continuity, expect.continuity_ppm);
  ask("delivery within 500 ms", result.delivered_by_500ms, expect.by_500ms_ppm);
  ask("delivery within 1 s", result.delivered_by_1s, expect.by_1s_ppm);
  ask("delivery", result.delivered_ever, expect.ever_ppm);
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
  result.simulated = network.now() - Instant{};
  result.digest = network.digest();
  result.network = network.stats();
  result.interrupted = world.interrupted();
  result.lag = quantiles(recorder.lag());
  result.lag_estimate_error = quantiles(recorder.estimate_error());
  result.startup = quantiles(recorder.startup());
  result.failover = quantiles(recorder.failover());
  result.input_held_max = world.publisher().held_max();
  if (!world.publisher().ended() && !world.publisher().retired() && !world.interrupted())
    world.findings().add(Rule::kLiveness, network.now(), kPublisherHost, "the publisher did not come to its end");
  judge_viewers(world);
  sum_up_viewers(world, result);
  sum_up_wire(world, result);
  sum_up_links(world, result);
  add_bound(world, result);
  if (!world.interrupted()) judge_all(world.scenario().expect, result, world);
  result.safety_findings = world.findings().safety();
  result.liveness_findings = world.findings().liveness();
  result.findings.assign(world.findings().kept().begin(), world.findings().kept().end());
  return result;
}

}  // namespace spate::sim
