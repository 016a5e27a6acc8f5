#include "libcore/swarm/tally.h"

namespace spate::swarm {
namespace {

LagSummary summary(const Histogram& lags) { return {lags.quantile(0.5), lags.quantile(0.99), lags.max()}; }

}  // namespace

void add_children(StreamStats& stats, const Children& children) {
  stats.children = static_cast<std::uint32_t>(children.size());
  stats.slots = children.slots();
  stats.slots_used = children.used();
  stats.stripes = children.striping().all();
  stats.bytes_out = children.stats().payload_bytes_sent;
  stats.sent += children.stats().sent;
}

void add_publisher(StreamStats& stats, const Publisher& publisher) {
  stats.bytes_in = publisher.stats().bytes_in;
  stats.skipped_input_bytes = publisher.stats().bytes_skipped;
}

void add_reception(StreamStats& stats, Reception& reception, bool plays, Instant now) {
  const ReceptionStats& received = reception.stats();
  stats.bytes_in = received.bytes_in;
  if (plays) stats.bytes_out = received.bytes_out;
  LagMeter& lags = reception.lag_meter();
  if (lags.period.count() > 0) stats.lag = summary(lags.period);
  if (lags.run.count() > 0) stats.lag_run = summary(lags.run);
  lags.period.clear();
  stats.lost_packets = reception.lost();
  stats.passed_over_packets = reception.passed_over();
  stats.repaired_packets = received.repaired;
  stats.regenerated_packets = received.regenerated;
  stats.duplicate_packets = reception.duplicates();
  stats.forged_packets = received.forged;
  stats.latency = reception.latency();
  if (reception.info()) stats.silence = now - reception.last_word();
}

void add_member(StreamStats& stats, const Member& member) {
  stats.parents = static_cast<std::uint32_t>(member.parents().size());
  stats.depth = static_cast<std::uint32_t>(member.depth());
  stats.parent_switches = member.switches();
  stats.forged_records = member.forged_records();
  stats.rtt = member.parent_rtt();
}

}  // namespace spate::swarm
