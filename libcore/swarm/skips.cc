#include "libcore/swarm/skips.h"

#include <algorithm>

namespace spate::swarm {

void Skips::on_datagram(std::uint64_t neighbour, StripeMask stripes, std::uint64_t expected, std::uint64_t number,
                        Instant now) {
  if (stripes == 0) return;
  if (number > expected) {
    if (number - expected > kJumpMax) return;
    if (size_ == kMax) remove(oldest_of(neighbour));
    skips_[size_++] = {neighbour, stripes, expected, number, number - expected, now};
    return;
  }
  for (std::size_t i = 0; i < size_; ++i) {
    Skip& skip = skips_[i];
    if (skip.neighbour != neighbour || number < skip.first || number >= skip.end) continue;
    if (--skip.missing == 0) remove(i);
    return;
  }
}

void Skips::forget(StripeMask stripes) {
  for (std::size_t i = size_; i > 0; --i) {
    skips_[i - 1].stripes &= ~stripes;
    if (skips_[i - 1].stripes == 0) remove(i - 1);
  }
}

std::optional<Skips::Skip> Skips::take_due(Instant now, Duration guard) {
  if (now < next_deadline(guard)) return std::nullopt;
  const Skip skip = skips_[0];
  remove(0);
  return skip;
}

std::size_t Skips::oldest_of(std::uint64_t neighbour) const {
  for (std::size_t i = 0; i < size_; ++i)
    if (skips_[i].neighbour == neighbour) return i;
  return 0;
}

void Skips::remove(std::size_t at) {
  std::copy(skips_.begin() + at + 1, skips_.begin() + size_, skips_.begin() + at);
  --size_;
}

}  // namespace spate::swarm
