#include "libcore/sim/recorder.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace spate::sim {

Recorder::Recorder(const Broadcast& broadcast, Instant measured_from)
    : broadcast_(broadcast),
      measured_from_(measured_from),
      measured_frame_(broadcast.first_frame_due(measured_from)),
      measured_packet_(broadcast.first_packet(measured_frame_)) {}

Recorder::LifeId Recorder::id_of(HostId host) {
  if (host >= present_life_.size()) present_life_.resize(host + 1, kNoLife);
  LifeId& id = present_life_[host];
  if (id == kNoLife) {
    id = static_cast<LifeId>(lives_.size());
    lives_.emplace_back();
  }
  return id;
}

void Recorder::on_join(HostId viewer, Instant now) {
  if (at(viewer).gone) present_life_[viewer] = kNoLife;  // another life begins
  Life& life = at(viewer);
  if (!life.joined) ++present_;
  life.joined = now;
}

void Recorder::on_accepted(HostId viewer, Instant now) {
  Life& life = at(viewer);
  if (!life.accepted) life.accepted = now;
}

void Recorder::on_parent(HostId viewer, HostId parent, std::uint64_t stripes) {
  const LifeId parents_life = parent == kNobody ? kNoLife : id_of(parent);
  Life& life = at(viewer);
  for (; stripes != 0; stripes &= stripes - 1) {
    const auto stripe = static_cast<std::size_t>(std::countr_zero(stripes));
    if (stripe >= life.parents.size()) life.parents.resize(stripe + 1, kNoLife);
    if (life.parents[stripe] != parents_life) life.lost &= ~(std::uint64_t{1} << stripe);
    life.parents[stripe] = parents_life;
  }
  life.took_another = life.parent_lost.has_value() && life.lost == 0;
}

std::uint64_t Recorder::stripes_from(const Life& child, LifeId parent) {
  std::uint64_t stripes = 0;
  for (std::size_t i = 0; i < child.parents.size(); ++i)
    if (child.parents[i] == parent) stripes |= std::uint64_t{1} << i;
  return stripes;
}

void Recorder::on_write(HostId viewer, std::uint64_t first, std::uint64_t end, Instant now) {
  const std::uint64_t frame = broadcast_.frame_of(end - 1);
  const std::uint64_t packets = end - first;
  const std::uint64_t measured = end - std::clamp(measured_packet_, first, end);
  Life& life = at(viewer);
  if (!life.wrote) {
    note_first_write(viewer, life, now);
    life.frames_end = frame;
  }
  if (life.took_another) note_failover(viewer, life, now);
  if (life.wrote_in != second_) {
    life.wrote_in = second_;
    ++current_.viewers_playing;
  }
  current_.packets_written += packets;
  packets_written_ += measured;
  if (frame >= life.frames_end) {
    count_frames(life.frames_end, frame + 1, false);
    life.frames_end = frame + 1;
  }
  const Instant due = broadcast_.due(frame);
  if (!life.accepted || due < *life.accepted) return;
  const Duration lag = now - due;
  lag_now_.add(lag, packets);
  if (measured == 0) return;
  lag_.add(lag, measured);
  if (lag <= std::chrono::milliseconds(500)) packets_by_500ms_ += measured;
  if (lag <= std::chrono::seconds(1)) packets_by_1s_ += measured;
}

void Recorder::on_missed(std::uint64_t packets, std::uint64_t first_frame, std::uint64_t end_frame) {
  current_.packets_missed += packets;
  count_frames(first_frame, end_frame, true);
  count_spoilt(first_frame, end_frame);
}

void Recorder::on_estimate(std::uint64_t frame, Duration error) {
  if (frame >= measured_frame_) estimate_error_.add(error);
}

void Recorder::on_unwritten(std::uint64_t first_frame, std::uint64_t end_frame) {
  count_frames(first_frame, end_frame, false);
  count_frames(first_frame, end_frame, true);
  count_spoilt(first_frame, end_frame);
}

void Recorder::count_spoilt(std::uint64_t first, std::uint64_t end) {
  first = std::max(first, measured_frame_);
  if (end > first) frames_spoilt_ += end - first;
}

void Recorder::count_frames(std::uint64_t first, std::uint64_t end, bool spoilt) {
  for (std::uint64_t frame = first; frame < end; ++frame) {
    const auto second = static_cast<std::size_t>((broadcast_.due(frame) - Instant{}) / std::chrono::seconds(1));
    if (second >= frames_.size()) frames_.resize(second + 1);
    ++(spoilt ? frames_[second].spoilt : frames_[second].due);
    if (second < series_.size()) {  // that second is over
      series_[second].frames = frames_[second].due;
      series_[second].frames_whole = frames_[second].due - std::min(frames_[second].due, frames_[second].spoilt);
    }
  }
}

void Recorder::note_first_write(HostId viewer, Life& life, Instant now) {
  life.wrote = true;
  if (!life.joined) return;
  startups_.push_back({viewer, *life.joined, now - *life.joined});
  if (*life.joined >= measured_from_) startup_.add(now - *life.joined);
}

void Recorder::note_failover(HostId viewer, Life& life, Instant now) {
  failovers_.push_back({viewer, *life.parent_lost, now - *life.parent_lost});
  if (*life.parent_lost >= measured_from_) failover_.add(now - *life.parent_lost);
  life.parent_lost.reset();
  life.took_another = false;
}

void Recorder::lose_parent(LifeId parent, Instant now) {
  for (Life& child : lives_) {
    const std::uint64_t stripes = child.gone ? 0 : stripes_from(child, parent);
    if (stripes == 0) continue;
    child.lost |= stripes;
    child.took_another = false;
    if (!child.parent_lost) child.parent_lost = now;
  }
}

void Recorder::on_unavailable(HostId host, Instant now) { lose_parent(id_of(host), now); }

void Recorder::on_available(HostId host) {
  const LifeId id = id_of(host);
  if (lives_[id].gone) return;  // it will not come back, whoever does
  for (Life& child : lives_) {
    const std::uint64_t back = child.lost & stripes_from(child, id);
    if (back == 0) continue;
    child.lost &= ~back;
    if (child.lost == 0) child.parent_lost.reset();
  }
}

void Recorder::on_gone(HostId host, Instant now) {
  const LifeId id = id_of(host);
  Life& self = lives_[id];
  if (self.gone) return;
  self.gone = true;
  if (self.joined) --present_;
  lose_parent(id, now);
}

void Recorder::on_second(std::uint64_t wire_bytes_sent, std::uint64_t findings, Instant now) {
  current_.at = now;
  current_.viewers_present = present_;
  current_.lag = quantiles(lag_now_);
  current_.wire_bytes_sent = wire_bytes_sent - wire_bytes_before_;
  current_.stream_bytes_delivered = current_.packets_written * Broadcast::kPacketBytes;
  current_.findings = findings;
  if (second_ < frames_.size()) {
    current_.frames = frames_[second_].due;
    current_.frames_whole = frames_[second_].due - std::min(frames_[second_].due, frames_[second_].spoilt);
  }
  series_.push_back(current_);
  wire_bytes_before_ = wire_bytes_sent;
  current_ = {};
  lag_now_.clear();
  ++second_;
}

void Recorder::on_depth(std::uint32_t hops) {
  if (hops >= hops_.size()) hops_.resize(hops + 1);
  ++hops_[hops];
}

void Recorder::on_uplink(const std::string& name, std::uint64_t rate_bps, std::uint64_t wire_bytes_sent,
                         Duration present) {
  auto it = std::find_if(uplinks_.begin(), uplinks_.end(), [&](const UplinkSums& u) { return u.name == name; });
  if (it == uplinks_.end()) it = uplinks_.insert(uplinks_.end(), UplinkSums{name});
  ++it->hosts;
  it->rate_bps += rate_bps;
  it->wire_bytes += wire_bytes_sent;
  it->present += present;
  it->unlimited = it->unlimited || rate_bps == 0;
}

std::vector<Recorder::Uplink> Recorder::uplinks() const {
  std::vector<Uplink> uplinks;
  for (const UplinkSums& sums : uplinks_) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(1, sums.present.count() / 1'000'000));
    uplinks.push_back(
        {sums.name, sums.hosts, sums.unlimited ? 0 : sums.rate_bps / sums.hosts, sums.wire_bytes * 8 * 1'000 / ms});
  }
  return uplinks;
}

}  // namespace spate::sim
