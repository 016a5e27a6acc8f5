// Every key of a scenario, said once for reading and writing: V is a Reader or a Writer, which has a function for each
// type of value. The order is that in which the keys are written.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "libcore/sim/presets.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

inline constexpr std::uint64_t kRateMax = 100'000'000'000;  // of a link

template <typename E>
struct Choice {
  std::string_view name;
  E value;
};

inline constexpr std::array<Choice<MapSpec::Kind>, 3> kMaps{
    {{"world", MapSpec::Kind::kWorld}, {"plane", MapSpec::Kind::kPlane}, {"matrix", MapSpec::Kind::kMatrix}}};

inline constexpr std::array<Choice<Who>, 5> kWho{{{"publisher", Who::kPublisher},
                                                  {"relays", Who::kRelays},
                                                  {"viewers", Who::kViewers},
                                                  {"interior", Who::kInterior},
                                                  {"all", Who::kAll}}};

inline constexpr std::array<Choice<Fault::Kind>, 15> kFaults{{{"kill", Fault::Kind::kKill},
                                                              {"leave", Fault::Kind::kLeave},
                                                              {"crash", Fault::Kind::kCrash},
                                                              {"pause", Fault::Kind::kPause},
                                                              {"partition", Fault::Kind::kPartition},
                                                              {"clog", Fault::Kind::kClog},
                                                              {"swizzle-clog", Fault::Kind::kSwizzle},
                                                              {"loss", Fault::Kind::kLoss},
                                                              {"rate", Fault::Kind::kRate},
                                                              {"delay", Fault::Kind::kDelay},
                                                              {"mtu", Fault::Kind::kMtu},
                                                              {"nat-rebind", Fault::Kind::kNatRebind},
                                                              {"clock-jump", Fault::Kind::kClockJump},
                                                              {"udp-block", Fault::Kind::kUdpBlock},
                                                              {"join", Fault::Kind::kJoin}}};

inline constexpr std::array<Choice<HostileSpec::Kind>, 11> kHostile{{{"colluder", HostileSpec::Kind::kColluder},
                                                                     {"copier", HostileSpec::Kind::kCopier},
                                                                     {"flooder", HostileSpec::Kind::kFlooder},
                                                                     {"free-rider", HostileSpec::Kind::kFreeRider},
                                                                     {"liar", HostileSpec::Kind::kLiar},
                                                                     {"misnamer", HostileSpec::Kind::kMisnamer},
                                                                     {"omitter", HostileSpec::Kind::kOmitter},
                                                                     {"polluter", HostileSpec::Kind::kPolluter},
                                                                     {"replayer", HostileSpec::Kind::kReplayer},
                                                                     {"stormer", HostileSpec::Kind::kStormer},
                                                                     {"sybil", HostileSpec::Kind::kSybil}}};

inline constexpr std::array<Choice<std::optional<NatRule>>, 4> kNatRules{
    {{"drawn", std::nullopt},
     {"endpoint-independent", NatRule::kEndpoint},
     {"address", NatRule::kAddress},
     {"address-and-port", NatRule::kAddressAndPort}}};

inline constexpr std::array<Choice<JitterKind>, 3> kJitters{
    {{"exponential", JitterKind::kExponential}, {"log-normal", JitterKind::kLogNormal}, {"wifi", JitterKind::kWifi}}};

template <typename V>
void describe(V& v, StreamSpec& s) {
  v.rate("rate", s.rate_bps, 10'000, 1'000'000'000);
  v.count("frames-per-second", s.frames_per_second, 1, 240);
  v.count("key-frame-weight", s.key_frame_weight, 1, 100);
}

template <typename V>
void describe_link(V& v, LinkClass& c) {
  v.rate_or_times("up", c.up.rate_bps, c.up_times_milli);
  v.rate("down", c.down.rate_bps, 0, kRateMax);
  v.trace("up-trace", c.up.trace, "up", c.up.rate_bps, c.up_times_milli);
  v.trace("down-trace", c.down.trace, "down", c.down.rate_bps);
  v.flag("traces-in-step", c.traces_in_step);
  v.bytes("up-queue", c.up.queue_bytes);
  v.bytes("down-queue", c.down.queue_bytes);
  v.duration("delay-up", c.up.delay);
  v.duration("delay-down", c.down.delay);
  v.duration("jitter", c.up.jitter);
  v.flag("jitter-reorders", c.up.reorders);
  v.share("loss-up", c.up.loss_ppm);
  v.share("loss-down", c.down.loss_ppm);
  v.duration("loss-burst-up", c.up.loss_burst);
  v.duration("loss-burst-down", c.down.loss_burst);
  v.choice("jitter-kind", c.up.jitter_kind, kJitters);
  v.share("duplicate", c.up.duplicate_ppm);
  v.share("corrupt", c.up.corrupt_ppm);
  v.share("truncate", c.up.truncate_ppm);
  v.count("mtu", c.up.mtu_bytes, 0, 65'535);
  v.flag("up-codel", c.up.codel);
  v.flag("down-codel", c.down.codel);
}

template <typename V>
void describe(V& v, LinkClass& c) {
  v.preset("access", c, kAccesses);
  v.preset("loss", c, kLosses);
  v.text("name", c.name);
  v.count("share", c.share, 1, 1'000'000);
  describe_link(v, c);
}

template <typename V>
void describe(V& v, MapSpec& s) {
  v.choice("kind", s.kind, kMaps);
  v.text("continent", s.continent);
  v.duration("delay-min", s.delay_min);
  v.duration("delay-max", s.delay_max);
}

template <typename V>
void describe(V& v, ClockSpec& s) {
  v.duration("offset-max", s.offset_max);
  v.count("drift-ppm-max", s.drift_ppm_max, 0, 10'000);
}

template <typename V>
void describe(V& v, NatSpec& s) {
  v.share("share", s.share_ppm);
  v.share("carrier-grade", s.carrier_grade_ppm);
  v.choice("mapping", s.mapping, kNatRules);
  v.choice("filtering", s.filtering, kNatRules);
  v.optional_duration("idle-timeout", s.idle_timeout, "drawn");
}

template <typename V>
void describe(V& v, ArrivalSpec& s) {
  v.duration("within", s.within);
}

template <typename V>
void describe(V& v, ChurnSpec& s) {
  v.flag("on", s.on);
  v.preset("kind", s, kChurns);
  v.duration("median", s.median);
  v.decimal("sigma", s.sigma_milli);
  v.share("abrupt", s.abrupt_ppm);
  v.flag("replace", s.replace);
}

template <typename V>
void describe(V& v, Fault& f) {
  v.required_choice("kind", f.kind, kFaults);
  v.duration("at", f.at);
  v.duration("within", f.within);
  v.duration("for", f.lasts);
  v.choice("who", f.who, kWho);
  v.share("share", f.share_ppm);
  v.flag("one-way", f.one_way);
  v.flag("keeps-state", f.keeps_state);
  v.flag("new-address", f.new_address);
  v.share("loss", f.loss_ppm);
  v.share("rate", f.factor_ppm);
  v.duration("by", f.by);
  v.count("bytes", f.bytes, 0, 65'535);
  v.count("count", f.count, 0, 1'000'000);
}

template <typename V>
void describe(V& v, HostileSpec& s) {
  v.required_choice("kind", s.kind, kHostile);
  v.share("share", s.share_ppm);
  v.duration("at", s.at);
}

template <typename V>
void describe(V& v, ExpectSpec& s) {
  v.duration("startup-max", s.startup_max);
  v.flag("complete", s.complete);
  v.share("continuity", s.continuity_ppm);
  v.share("by-500ms", s.by_500ms_ppm);
  v.share("by-1s", s.by_1s_ppm);
  v.share("ever", s.ever_ppm);
  v.duration("lag-p50", s.lag_p50);
  v.duration("lag-p99", s.lag_p99);
  v.count("hostile-deeds", s.hostile_deeds, 0, INT64_MAX);
}

template <typename V>
void describe(V& v, Scenario& s) {
  v.text("purpose", s.purpose);
  v.text("name", s.name);
  v.count("seed", s.seed, 0, INT64_MAX);
  v.count("peers", s.peers, 2, 1'000'000);
  v.count("relays", s.relays, 0, 10'000);
  v.duration("duration", s.duration);
  v.duration("warm-up", s.warm_up);
  v.duration("calm", s.calm);
  v.optional_count("publisher-children", s.publisher_children, 0, 10'000);
  v.optional_count("relay-children", s.relay_children, 0, 10'000);
  v.optional_count("viewer-children", s.viewer_children, 0, 10'000);
  v.share("relay-only", s.relay_only_ppm);
  v.share("udp-blocked", s.udp_blocked_ppm);
  v.optional_duration("latency", s.latency, "auto");
  v.flag("upload-limits", s.upload_limits);
  v.optional_duration("history", s.history, "auto");
  v.duration("wake", s.wake);
  v.table("stream", s.stream);
  v.table("map", s.map);
  v.table("clock", s.clock);
  v.table("nat", s.nat);
  v.table("arrivals", s.arrivals);
  v.table("churn", s.churn);
  v.table("publisher", s.publisher);
  v.table("relay", s.relay);
  v.tables("viewers", s.viewers);
  v.tables("faults", s.faults);
  v.tables("hostile", s.hostile);
  v.table("expect", s.expect);
}

}  // namespace spate::sim
