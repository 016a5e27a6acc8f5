#include "tools/simulate/json.h"

#include <algorithm>
#include <cmath>

namespace spate::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 3;

double milliseconds(Duration d) { return static_cast<double>(to_us(d)) / 1e3; }
double ratio(Duration a, Duration b) { return b > Duration::zero() ? rounded(to_ms(a) / to_ms(b)) : 0; }

Json all_json(const sim::Quantiles& lag) {
  return {{"p50", milliseconds(lag.p50)},
          {"p90", milliseconds(lag.p90)},
          {"p99", milliseconds(lag.p99)},
          {"p999", milliseconds(lag.p999)},
          {"max", milliseconds(lag.max)}};
}

Json short_json(const sim::Quantiles& times) {
  return {{"p50", milliseconds(times.p50)}, {"p95", milliseconds(times.p95)}, {"max", milliseconds(times.max)}};
}

Json overhead_json(const sim::Overhead& overhead) {
  return {{"total", rounded(overhead.total)},           {"headers", rounded(overhead.headers)},
          {"signatures", rounded(overhead.signatures)}, {"parity", rounded(overhead.parity)},
          {"repairs", rounded(overhead.repairs)},       {"duplicates", rounded(overhead.duplicates)},
          {"control", rounded(overhead.control)},       {"rest", rounded(overhead.rest)}};
}

Json datagrams_json(const sim::NetworkStats& network) {
  return {{"sent", network.sent},           {"delivered", network.delivered},
          {"lost", network.lost},           {"queue_full", network.queue_full},
          {"too_large", network.too_large}, {"nobody", network.nobody},
          {"filtered", network.filtered},   {"cut", network.cut},
          {"overflow", network.overflow},   {"in_flight", network.in_flight},
          {"copies", network.duplicated}};
}

void add_bound(Json& json, const sim::RunResult& result) {
  if (!result.bound) return;
  json["bound_ms"] = {{"p50", milliseconds(result.bound->p50)}, {"p99", milliseconds(result.bound->p99)}};
  json["stretch"] = {{"p50", ratio(result.lag.p50, result.bound->p50)},
                     {"p99", ratio(result.lag.p99, result.bound->p99)}};
}

}  // namespace

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json to_json(const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  Json json;
  json["schema"] = kSchema;
  json["scenario"] = outcome.scenario;
  json["scenario_hash"] = outcome.scenario_hash;
  json["seed"] = result.seed;
  json["digest"] = hexadecimal(result.digest);
  json["crypto"] = result.crypto;
  json["peers"] = result.peers;
  json["simulated_seconds"] = rounded(to_seconds(result.simulated));
  json["warm_up_seconds"] = rounded(to_seconds(result.warm_up));
  json["interrupted"] = result.interrupted;
  add_bound(json, result);
  json["lag_ms"] = all_json(result.lag);
  json["lag_estimate_error_ms"] = all_json(result.lag_estimate_error);
  json["delivered"] = {{"by_500ms", rounded(result.delivered_by_500ms)},
                       {"by_1s", rounded(result.delivered_by_1s)},
                       {"ever", rounded(result.delivered_ever)}};
  json["continuity"] = rounded(result.continuity);
  json["startup_ms"] = result.tells_startup() ? short_json(result.startup) : Json();
  json["join_ms"] = result.tells_join() ? short_json(result.join) : Json();
  json["failovers"] = result.failovers;
  json["failover_ms"] = result.failovers > 0 ? short_json(result.failover) : Json();
  json["lost_packets"] = result.lost_packets;
  json["repaired_packets"] = result.repaired_packets;
  json["duplicate_packets"] = result.duplicate_packets;
  json["forged_packets"] = result.forged_packets;
  json["hostile_deeds"] = result.hostile_deeds;
  json["parent_switches"] = result.parent_switches;
  json["depth_max"] = result.depth_max;
  json["overhead"] = overhead_json(result.overhead);
  json["publisher_upload_x"] = rounded(result.publisher_upload_x);
  if (result.resource_index) json["resource_index"] = rounded(*result.resource_index);
  json["input_held_ms_max"] = milliseconds(result.input_held_max);
  json["datagrams"] = datagrams_json(result.network);
  json["events"] = result.network.events;
  json["events_per_second"] =
      std::round(static_cast<double>(result.network.events) / std::max(outcome.wall_seconds, 1e-6));
  json["bytes_per_peer"] = peak_memory_bytes() / result.peers;
  json["wall_seconds"] = std::round(outcome.wall_seconds * 1e3) / 1e3;
  json["safety_findings"] = result.safety_findings;
  json["liveness_findings"] = result.liveness_findings;
  Json findings = Json::array();
  for (const sim::Finding& finding : result.findings) findings.push_back(describe(finding));
  json["findings"] = findings;
  return json;
}

}  // namespace spate::tools
