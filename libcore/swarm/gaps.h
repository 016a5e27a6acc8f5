// Repair, the asking side: which sequences are missing, and when to ask for them.
//
// A sequence is missing once a later one, or the parent's word that it has been sent, is here. It is asked for after
// a guard, because paths reorder; the guard follows what reordering is seen (kGuardMin..kGuardMax). An unanswered
// request is repeated after the path's timeout. On a path that loses much, copies of each request follow,
// kCopySpacing apart (copies_for()): it is the loss of repairs that makes the tail of the lag.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "libcore/base/time.h"
#include "libcore/stream/store.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Gaps {
 public:
  static constexpr Duration kGuardMin = std::chrono::milliseconds(2);
  static constexpr Duration kGuardMax = std::chrono::milliseconds(60);
  static constexpr Duration kCopySpacing = std::chrono::milliseconds(2);
  static constexpr Duration kHeldRecheck = std::chrono::milliseconds(10);
  // Copies of a request on a path that lost `missed` of `received`: none to 2 %, one to 4 %, then two.
  static constexpr unsigned copies_for(std::uint64_t missed, std::uint64_t received) {
    return missed * 25 > received ? 2 : missed * 50 > received ? 1 : 0;
  }
  static constexpr std::size_t kMissingMax = 4096;

  // Everything absent from the store in [from, to) is missing from now on, as far as there is room for it: returns
  // where to go on when some of it has been filled.
  std::uint64_t notice(std::uint64_t from, std::uint64_t to, const stream::Store& store, Instant now);
  // A missing sequence has come, or was held until its list came. True if it had been asked for.
  bool on_filled(std::uint64_t sequence, Duration rtt, bool held, Instant now);
  // No more interest in sequences below this one.
  void drop_below(std::uint64_t sequence);
  void drop(std::uint64_t sequence) { missing_.erase(sequence); }
  // Ask again at once for everything (a new parent).
  void restart(Instant now);
  void clear() { missing_.clear(); }

  // What is due now goes into the request, as far as it fits: true if there is anything. `skip` says which
  // sequences are not to be asked for (held until their list comes).
  template <typename Skip>
  bool take_due(Instant now, Duration timeout, unsigned copies, wire::RepairRequest& request, Skip skip);

  // The highest missing sequence below which all that is missing was noticed at or before `limit`.
  std::optional<std::uint64_t> older_than(Instant limit) const;

  Instant next_deadline() const { return next_due_; }
  std::size_t size() const { return missing_.size(); }
  bool empty() const { return missing_.empty(); }
  std::uint64_t lowest() const { return missing_.empty() ? UINT64_MAX : missing_.begin()->first; }
  Duration guard() const { return guard_; }

 private:
  struct Missing {
    Instant noticed;
    Instant due;
    Instant asked{};
    std::uint8_t requests = 0;
    std::uint8_t copies_left = 0;
  };

  static bool add_to(wire::RepairRequest& request, std::uint64_t sequence);

  std::map<std::uint64_t, Missing> missing_;
  Instant next_due_ = kNever;
  Duration guard_ = kGuardMin;
};

template <typename Skip>
bool Gaps::take_due(Instant now, Duration timeout, unsigned copies, wire::RepairRequest& request, Skip skip) {
  request.ranges.clear();
  if (now < next_due_) return false;
  next_due_ = kNever;
  for (auto& [sequence, missing] : missing_) {
    if (missing.due <= now && !skip(sequence)) {
      if (!add_to(request, sequence)) {
        next_due_ = now;  // the rest goes into the next request
        break;
      }
      if (missing.copies_left > 0) {
        --missing.copies_left;
      } else {
        ++missing.requests;
        missing.asked = now;
        missing.copies_left = static_cast<std::uint8_t>(copies);
      }
      missing.due = missing.copies_left > 0 ? now + kCopySpacing : missing.asked + timeout;
    } else if (missing.due <= now) {
      missing.due = now + kHeldRecheck;
    }
    next_due_ = std::min(next_due_, missing.due);
  }
  return !request.ranges.empty();
}

}  // namespace spate::swarm
