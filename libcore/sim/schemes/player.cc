#include "libcore/sim/schemes/player.h"

#include <algorithm>

namespace spate::sim {

void Player::play(const NumberSet& have, Instant now) {
  if (!next_) return;
  for (; *next_ < have.end(); ++*next_) {
    if (*next_ >= have.begin() && have.has(*next_))
      write(*next_, now);
    else if (shards_.due(*next_) + patience_ > now)
      return;
  }
}

Instant Player::deadline(const NumberSet& have) const {
  return next_ && *next_ < have.end() ? shards_.due(*next_) + patience_ : kNever;
}

void Player::write(std::uint64_t shard, Instant now) {
  const std::uint64_t first = shards_.first_packet(shard);
  const std::uint64_t end = shards_.first_packet(shard + 1);
  if (recorder_ != nullptr && life_.next && *life_.next < first) note_missed(*life_.next, first);
  if (!life_.first) life_.first = first;
  life_.next = end;
  life_.written += end - first;
  if (recorder_ != nullptr) recorder_->on_write(host_, first, end, now);
}

void Player::note_missed(std::uint64_t first, std::uint64_t end) {
  const std::uint64_t frames_end = broadcast_.frame_of(end - 1) + 1;
  recorder_->on_missed(end - first, std::max(broadcast_.frame_of(first), spoilt_end_), frames_end);
  spoilt_end_ = frames_end;
}

}  // namespace spate::sim
