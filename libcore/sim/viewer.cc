#include "libcore/sim/viewer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "libcore/sim/network.h"

namespace spate::sim {
Viewer::Viewer(const PeerConfig& config, std::unique_ptr<Rng> rng, std::function<void()> stopped,
               const Broadcast& broadcast, const Publisher& publisher, Findings& findings, Recorder& recorder)
    : Peer(config, std::move(rng), std::move(stopped)),
      broadcast_(broadcast),
      publisher_(publisher),
      recorder_(recorder),
      checker_(broadcast, config.host, findings) {}

void Viewer::join(const node::JoinConfig& config, Instant now) {
  record_.join = now;
  recorder_.on_join(host(), now);
  node().join(config, local());
}

void Viewer::leave() { node().leave(local()); }

void Viewer::watch_for_pauses(Instant now) {
  record_.longest_pause = Duration::zero();
  record_.first_after.reset();
  if (record_.last_output) record_.last_output = now;
}

void Viewer::on_event(const node::Event& event, Instant now) {
  if (const auto* played = std::get_if<node::Played>(&event)) {
    on_played(*played, now);
  } else if (std::holds_alternative<node::Joined>(event)) {
    if (!record_.accepted) record_.accepted = now;
    recorder_.on_accepted(host(), now);
  } else if (const auto* changed = std::get_if<node::ParentChanged>(&event)) {
    recorder_.on_parent(host(), network().host_of(changed->parent).value_or(Recorder::kNobody), changed->stripes);
  } else if (const auto* stopped = std::get_if<node::Stopped>(&event)) {
    record_.stopped = stopped->reason;
    say_stopped();
  }
}

void Viewer::on_played(const node::Played& played, Instant now) {
  const std::optional<std::uint64_t> expected = checker_.next();
  const std::optional<OutputChecker::Range> range = checker_.on_output(played.bytes, played.discontinuity, now);
  if (!range) return;
  if (!record_.first_output) {
    record_.first_output = now;
    record_.first_packet = range->first;
  }
  if (record_.last_output) record_.longest_pause = std::max(record_.longest_pause, now - *record_.last_output);
  record_.last_output = now;
  if (!record_.first_after) record_.first_after = now;
  if (expected && range->first > *expected) note_missed(*expected, range->first);

  record_.packets_written += range->end - range->first;
  record_.bytes_written += played.bytes.size();
  recorder_.on_write(host(), range->first, range->end, now);
  const std::uint64_t frame = broadcast_.frame_of(range->end - 1);
  if (const std::optional<Instant> read = publisher_.read_at(frame))
    recorder_.on_estimate(frame, std::chrono::abs(played.lag - (now - *read)));
}

void Viewer::note_missed(std::uint64_t first, std::uint64_t end) {
  if (!record_.first_missed) record_.first_missed = first;
  record_.packets_missed += end - first;
  const std::uint64_t frames_end = broadcast_.frame_of(end - 1) + 1;
  const std::uint64_t frames_first = std::max(broadcast_.frame_of(first), spoilt_end_);
  recorder_.on_missed(end - first, frames_first, frames_end);
  spoilt_end_ = frames_end;
  if (end <= recorder_.measured_packet()) record_.lost_before = stream_stats().lost_packets;
}

}  // namespace spate::sim
