#include "libcore/sim/codel.h"

namespace spate::sim {
namespace {

// Rounded down.
std::uint64_t square_root(std::uint64_t x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1)
    if ((root | bit) * (root | bit) <= x) root |= bit;
  return root;
}

}  // namespace

// After interval / sqrt(count).
Instant CoDel::next_drop(Instant after, std::uint32_t count) {
  constexpr auto kSquare =
      static_cast<std::uint64_t>(kInterval.count()) * static_cast<std::uint64_t>(kInterval.count());
  return after + Duration(static_cast<std::int64_t>(square_root(kSquare / count)));
}

bool CoDel::too_long(Duration waited, Instant leaves, bool short_queue) {
  if (waited < kTarget || short_queue) {
    drop_from_ = {};
    return false;
  }
  if (drop_from_ == Instant{}) {
    drop_from_ = leaves + kInterval;
    return false;
  }
  return leaves >= drop_from_;
}

bool CoDel::drops(Duration waited, Instant leaves, bool short_queue) {
  const bool late = too_long(waited, leaves, short_queue);
  if (!late) {
    dropping_ = false;
    return false;
  }
  if (dropping_) {
    if (leaves < drop_next_) return false;
    ++count_;
    drop_next_ = next_drop(drop_next_, count_);
    return true;
  }
  dropping_ = true;
  // Soon after the last time, it goes on about where it left off.
  const std::uint32_t drops_last_time = count_ - last_count_;
  count_ = drops_last_time > 1 && leaves - drop_next_ < 16 * kInterval ? drops_last_time : 1;
  last_count_ = count_;
  drop_next_ = next_drop(leaves, count_);
  return true;
}

}  // namespace spate::sim
