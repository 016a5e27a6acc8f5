#include "libcore/stream/held_frames.h"

namespace spate::stream {

bool HeldFrames::add(HeldFrame frame) {
  std::size_t count = 0;
  std::size_t oldest = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const HeldFrame& held = held_[i];
    const bool same_sender = held.neighbour == frame.neighbour;
    if (same_sender && count++ == 0) oldest = i;
    const bool same_place = held.sequence == frame.sequence && held.parity == frame.parity;
    if (same_place && (same_sender || std::ranges::equal(held.frame.bytes(), frame.frame.bytes()))) return false;
  }
  if (count >= kOfNeighbourMax || held_.size() >= kMax) {
    if (count < kOfNeighbourMax) oldest = 0;
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(oldest));
    ++dropped_;
  }
  held_.push_back(std::move(frame));
  return true;
}

std::uint64_t HeldFrames::lowest_shard() const {
  std::uint64_t lowest = UINT64_MAX;
  for (const HeldFrame& held : held_)
    if (held.is_shard()) lowest = std::min(lowest, held.sequence);
  return lowest;
}

bool HeldFrames::has_shard(std::uint64_t sequence) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const HeldFrame& held) { return held.is_shard() && held.sequence == sequence; });
}

void HeldFrames::handle_deadline(Instant now) {
  const auto fresh =
      std::find_if(held_.begin(), held_.end(), [now](const HeldFrame& held) { return held.since + kTime > now; });
  dropped_ += static_cast<std::uint64_t>(fresh - held_.begin());
  held_.erase(held_.begin(), fresh);
}

}  // namespace spate::stream
