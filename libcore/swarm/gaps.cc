#include "libcore/swarm/gaps.h"

namespace spate::swarm {
namespace {

constexpr std::size_t kKeptMin = 128;  // room for no more is not worth giving back

}  // namespace

std::vector<Gaps::Missing>::iterator Gaps::find(std::uint64_t sequence) {
  const auto it = std::lower_bound(missing_.begin(), missing_.end(), sequence,
                                   [](const Missing& m, std::uint64_t s) { return m.sequence < s; });
  return it != missing_.end() && it->sequence == sequence && !it->gone ? it : missing_.end();
}

void Gaps::remove(Missing& missing) {
  if (missing.gone) return;
  missing.gone = true;
  --size_;
}

void Gaps::trim() {
  const auto first = std::find_if(missing_.begin(), missing_.end(), [](const Missing& m) { return !m.gone; });
  missing_.erase(missing_.begin(), first);
  if (missing_.empty()) next_due_ = kNever;
  // Who joins lacks much at once, and never again.
  if (missing_.capacity() > kKeptMin && missing_.size() < missing_.capacity() / 8) missing_.shrink_to_fit();
}

Gaps::Span& Gaps::overtaken_of(unsigned stripe) {
  if (stripe >= overtaken_.size()) overtaken_.resize(stripe + 1);
  return overtaken_[stripe];
}

// Said with every shard that comes, mostly of nothing: what is found is found by its sequence.
void Gaps::overtaken(std::uint64_t from, std::uint64_t to, StripeMask stripes, const Striping& striping, Instant now) {
  to = std::min(to, noticed_);
  for_each_stripe(stripes & first_stripes(striping.data), [&](unsigned stripe) {
    Span& said = overtaken_of(stripe);
    if (from < said.from || from > said.to) said = {from, from};
    if (missing_.empty()) said.to = std::max(said.to, to);
    if (said.to >= to) return;
    const std::uint64_t start = std::max(said.to, missing_.front().sequence);
    std::uint64_t s = start + (stripe + striping.data - striping.of(start)) % striping.data;
    for (; s < to; s += striping.data) {
      const auto missing = find(s);
      if (missing == missing_.end() || missing->overdue || missing->requests > 0) continue;
      if (missing->due > now + reorder_guard_) make_overdue(*missing, now, now + reorder_guard_);
    }
    said.to = to;
  });
}

void Gaps::make_overdue(Missing& missing, Instant since, Instant due) {
  missing.expected = since;
  missing.overdue = true;
  missing.due = due;
  next_due_ = std::min(next_due_, due);
}

void Gaps::lost(std::uint64_t datagrams, StripeMask stripes, const Striping& striping, Instant since, Instant now) {
  // What a later shard of its own stripe has shown meanwhile is one of them, too.
  const auto owed = [&](const Missing& missing) {
    if (missing.gone || missing.requests > 0 || (stripes & bit(striping.of(missing.sequence))) == 0) return false;
    return missing.overdue ? missing.expected >= since : missing.usual <= since + kUsualSpread;
  };
  if (static_cast<std::uint64_t>(std::count_if(missing_.begin(), missing_.end(), owed)) > datagrams) return;
  for (Missing& missing : missing_) {
    if (missing.overdue || !owed(missing)) continue;
    make_overdue(missing, since, now);
  }
}

bool Gaps::on_filled(std::uint64_t sequence, Duration rtt, bool held, Instant now) {
  const auto it = find(sequence);
  if (it == missing_.end()) return false;
  const Missing& missing = *it;
  // It came by itself if nobody asked, or if the first answer would have been faster than the path: then it was
  // only late, and asking should have waited longer. What was held came in time: its list did not.
  const bool early = missing.requests == 0 || (missing.requests == 1 && now - missing.asked < rtt * 3 / 4);
  learn(missing, early, held, now);
  remove(*it);
  trim();
  return !early;
}

void Gaps::learn(const Missing& missing, bool early, bool held, Instant now) {
  Duration& guard = missing.overdue ? reorder_guard_ : guard_;
  const Duration needed = (now - missing.expected) * 5 / 4;
  if (!early)
    guard = std::max(kGuardMin, guard - guard / 32);
  else if (!held && needed > guard && !(missing.overdue && needed > kReorderMax))
    guard = std::min(needed, kGuardMax);
}

void Gaps::drop(std::uint64_t sequence) {
  const auto it = find(sequence);
  if (it == missing_.end()) return;
  remove(*it);
  trim();
}

void Gaps::drop_below(std::uint64_t sequence) {
  for (Missing& missing : missing_) {
    if (missing.sequence >= sequence) break;
    remove(missing);
  }
  trim();
}

void Gaps::restart(std::uint64_t from, StripeMask stripes, const Striping& striping, Instant now) {
  for_each_stripe(stripes & first_stripes(striping.data), [&](unsigned stripe) { overtaken_of(stripe) = {}; });
  for (Missing& missing : missing_) {
    if (missing.gone || missing.sequence < from || (stripes & bit(striping.of(missing.sequence))) == 0) continue;
    missing.overdue = false;
    missing.usual = missing.expected = now;
    missing.due = now + guard_;
    missing.requests = missing.turns = missing.copies_left = 0;
    missing.two_next = false;
    next_due_ = std::min(next_due_, missing.due);
  }
}

void Gaps::ask_next(std::uint64_t from, std::uint64_t to, Instant now) {
  for (Missing& missing : missing_) {
    if (missing.sequence >= to) break;
    if (missing.gone || missing.sequence < from || missing.requests == 0 || missing.requests > kTurnsAtOnce) continue;
    missing.due = now;
    missing.two_next = true;
    missing.copies_left = 0;
    next_due_ = std::min(next_due_, missing.due);
  }
}

void Gaps::clear() {
  missing_.clear();
  overtaken_.clear();
  size_ = 0;
  noticed_ = 0;
  next_due_ = kNever;
}

std::optional<std::uint64_t> Gaps::older_than(Instant limit) const {
  std::optional<std::uint64_t> found;
  for (const Missing& missing : missing_) {
    if (missing.gone) continue;
    if (missing.noticed > limit) break;
    found = missing.sequence;
  }
  return found;
}

void Gaps::note_request(Missing& missing, const RepairTarget& target, unsigned copies, Instant now) {
  if (missing.turns < UINT8_MAX) ++missing.turns;
  if (missing.copies_left > 0) {
    --missing.copies_left;
  } else {
    if (missing.requests < UINT8_MAX) ++missing.requests;
    missing.asked = now;
    if (missing.two_next && copies == 0 && copies_again_.take(1, now)) copies = 1;
    missing.copies_left = static_cast<std::uint8_t>(copies);
    missing.two_next = !target.queues;
  }
  const int doublings = target.loses ? 0 : std::min<int>(missing.requests - 1, kBackOffMax);
  const Duration patience = (target.timeout + reorder_guard_) * (1 << doublings);
  // A copy may have had to wait for long.
  missing.due = missing.copies_left > 0 ? now + kCopySpacing : std::max(missing.asked + patience, now + patience / 2);
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
