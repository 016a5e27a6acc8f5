#include "libcore/swarm/gaps.h"

#include <algorithm>

namespace spate::swarm {

std::uint64_t Gaps::notice(std::uint64_t from, std::uint64_t to, const stream::Store& store, Instant now) {
  std::uint64_t s = std::max(from, store.tail());
  for (; s < to && missing_.size() < kMissingMax; ++s) {
    if (store.covers(s) && (store.at(s).present() || store.at(s).given_up)) continue;
    const auto [it, fresh] = missing_.try_emplace(s, Missing{now, now + guard_, {}, 0, 0});
    if (fresh) next_due_ = std::min(next_due_, it->second.due);
  }
  return std::max(from, s);
}

bool Gaps::on_filled(std::uint64_t sequence, Duration rtt, bool held, Instant now) {
  const auto it = missing_.find(sequence);
  if (it == missing_.end()) return false;
  const Missing& missing = it->second;
  // It came by itself if nobody asked, or if the first answer would have been faster than the path: then it was
  // only late, and asking should have waited longer. What was held came in time: its list did not.
  const bool early = missing.requests == 0 || (missing.requests == 1 && now - missing.asked < rtt * 3 / 4);
  if (!early)
    guard_ = std::max(kGuardMin, guard_ - guard_ / 32);
  else if (!held)
    guard_ = std::clamp<Duration>((now - missing.noticed) * 5 / 4, guard_, kGuardMax);
  missing_.erase(it);
  return !early;
}

void Gaps::drop_below(std::uint64_t sequence) { missing_.erase(missing_.begin(), missing_.lower_bound(sequence)); }

void Gaps::restart(Instant now) {
  for (auto& [sequence, missing] : missing_) {
    missing.due = now + guard_;
    missing.requests = 0;
    missing.copies_left = 0;
  }
  if (!missing_.empty()) next_due_ = std::min(next_due_, now + guard_);
}

std::optional<std::uint64_t> Gaps::older_than(Instant limit) const {
  std::optional<std::uint64_t> found;
  for (const auto& [sequence, missing] : missing_) {
    if (missing.noticed > limit) break;
    found = sequence;
  }
  return found;
}

bool Gaps::add_to(wire::RepairRequest& request, std::uint64_t sequence) {
  if (request.ranges.empty()) {
    request.base = sequence;
    request.ranges.push_back({0, 1});
    return true;
  }
  wire::RepairRequest::Range& last = request.ranges[request.ranges.size() - 1];
  const std::uint64_t offset = sequence - request.base;
  if (offset == std::uint64_t{last.offset} + last.count && last.count < UINT8_MAX) {
    ++last.count;
    return true;
  }
  if (request.ranges.full() || offset > UINT16_MAX) return false;
  request.ranges.push_back({static_cast<std::uint16_t>(offset), 1});
  return true;
}

}  // namespace spate::swarm
