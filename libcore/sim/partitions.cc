#include "libcore/sim/partitions.h"

#include <algorithm>
#include <map>

#include "libcore/base/check.h"

namespace spate::sim {

void Partitions::begin(std::size_t name, const std::vector<HostId>& group, bool one_way) {
  SPATE_CHECK(now_.size() < kMost);
  now_.push_back({name, group, one_way});
  arrange();
}

void Partitions::end(std::size_t name) {
  const auto it = std::ranges::find(now_, name, &Partition::name);
  SPATE_CHECK(it != now_.end());
  for (const HostId host : it->group) network_.set_side(host, 0);
  now_.erase(it);
  arrange();
}

// A side for each set of groups that a host may be in: a bit for each group, so that the world that is in none is on
// side 0.
void Partitions::arrange() {
  std::map<HostId, std::size_t> sides;
  for (std::size_t i = 0; i < now_.size(); ++i)
    for (const HostId host : now_[i].group) sides[host] |= std::size_t{1} << i;
  for (const auto& [host, side] : sides) network_.set_side(host, side);
  for (std::size_t from = 0; from < Network::kSides; ++from)
    for (std::size_t to = 0; to < Network::kSides; ++to) network_.cut(from, to, cut(from, to));
}

bool Partitions::cut(std::size_t from, std::size_t to) const {
  for (std::size_t i = 0; i < now_.size(); ++i) {
    const bool sender_in = (from >> i & 1) != 0;
    const bool receiver_in = (to >> i & 1) != 0;
    if (sender_in != receiver_in && (sender_in || !now_[i].one_way)) return true;
  }
  return false;
}

}  // namespace spate::sim
