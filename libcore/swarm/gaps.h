// Repair, the asking side: which sequences are missing, and when to ask for them.
//
// A sequence is missing once a later one, or a parent's word that it has been sent, is here. When it should have come
// is the caller's to say: that may be later than now, for stripes come by different ways. It is asked for a guard after
// that, because clocks and queues err; the guard follows what comes by itself (kGuardMin..kGuardMax). What is overdue
// already, or its sender has passed over, has only reordering to wait for: a guard of its own, kReorderMax at most.
// What would need more was missing at its sender, too, and asking others was right. An unanswered request is repeated
// after the path's timeout, elsewhere if the caller likes. Copies of a request follow it, kCopySpacing apart: on a path
// that loses much (copies_for()), and of what has been asked for in vain, which goes to two at once. For it is repairs
// that fail which make the tail of the lag.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

struct RepairTarget {
  session::SessionId session;
  Duration timeout;     // for its answer
  bool queues = false;  // Peer::queues()
  bool loses = false;   // Peers::loses(): that an answer does not come says nothing of how it is there
};

class Gaps {
 public:
  static constexpr Duration kGuardMin = std::chrono::milliseconds(2);
  static constexpr Duration kGuardMax = std::chrono::milliseconds(60);
  static constexpr Duration kReorderMax = std::chrono::milliseconds(30);
  static constexpr Duration kCopySpacing = std::chrono::milliseconds(2);
  static constexpr Duration kRecheck = std::chrono::milliseconds(10);
  // So many who do not have it are asked without waiting in between.
  static constexpr unsigned kTurnsAtOnce = 8;
  // A request that repeats another is sent twice, but only so often: where much is asked in vain, more would be, too.
  static constexpr std::uint64_t kCopiesAgainPerSecond = 10;
  static constexpr unsigned kBackOffMax = 2;  // doublings of the patience with unanswered requests
  // So many may be asked for at a time: a host that lacks much is not to stifle those it asks.
  static constexpr std::size_t kAskedMax = 256;
  // Copies of a request on a path that lost `missed` of `received`: none to 2 %, one to 4 %, then two.
  static constexpr unsigned copies_for(std::uint64_t missed, std::uint64_t received) {
    return missed * 25 > received ? 2 : missed * 50 > received ? 1 : 0;
  }
  static constexpr std::size_t kMissingMax = 4096;
  // What was sent before a lost datagram usually comes no later than so long after it: `usual` has its own margin.
  static constexpr Duration kUsualSpread = std::chrono::milliseconds(10);

  struct Missing {
    std::uint64_t sequence = 0;
    Instant noticed{};
    Instant usual{};     // when nearly all shards of its stripe have come
    Instant expected{};  // that, and the patience with it; or when it was proven late
    Instant due{};
    Instant asked{};
    std::uint8_t requests = 0;
    std::uint8_t copies_left = 0;
    std::uint8_t turns = 0;  // how often somebody has been asked, with the copies
    bool two_next = false;   // if this is in vain two are asked next
    bool overdue = false;    // when it was noticed, or since its sender has sent a later one
    bool gone = false;
  };

  // When a sequence usually comes, and how much longer it is waited for.
  struct When {
    Instant usual{};
    Duration patience{};
  };

  // Everything absent from the store in [from, to) is missing from now on, as far as there is room for it: returns
  // where to go on when some of it has been filled. expected(sequence) says When.
  template <typename Expected>
  std::uint64_t notice(std::uint64_t from, std::uint64_t to, const stream::Store& store, Expected expected,
                       Instant now);
  // Who sends those stripes has sent a later shard: what is missing of them in [from, to) is overdue. That is said of
  // each sequence once, until its stripe is restarted.
  void overtaken(std::uint64_t from, std::uint64_t to, StripeMask stripes, const Striping& striping, Instant now);
  // Of the datagrams that the sender of those stripes sent before `since` so many are lost. What is missing of its
  // stripes and should have come by then was in them, and is due at once; but if that is more than they can have
  // carried, most of it is only late (in a queue, or at the sender itself), nobody knows which is lost, and nothing
  // changes.
  void lost(std::uint64_t datagrams, StripeMask stripes, const Striping& striping, Instant since, Instant now);
  // A missing sequence has come, or was held until its list came. True if it had been asked for.
  bool on_filled(std::uint64_t sequence, Duration rtt, bool held, Instant now);
  // No more interest in sequences below this one.
  void drop_below(std::uint64_t sequence);
  void drop(std::uint64_t sequence);
  // Ask anew, at `now`, for what is missing of those stripes from that sequence on (they have a new parent).
  void restart(std::uint64_t from, StripeMask stripes, const Striping& striping, Instant now);
  // Whoever was asked for what is missing in [from, to) does not have it: it is somebody else's turn.
  void ask_next(std::uint64_t from, std::uint64_t to, Instant now);
  void clear();

  // What is due now and goes to one peer, as far as it fits into the request; nothing if nothing is due.
  // choose(missing) says whom to ask, or nobody for now. The others' share is due for the next call.
  template <typename Choose>
  std::optional<RepairTarget> take_due(Instant now, unsigned copies, wire::RepairRequest& request, Choose choose);

  // The highest missing sequence below which all that is missing was noticed at or before `limit`.
  std::optional<std::uint64_t> older_than(Instant limit) const;

  Instant next_deadline() const { return next_due_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Duration guard() const { return guard_; }
  Duration reorder_guard() const { return reorder_guard_; }

 private:
  struct Span {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };
  Span& overtaken_of(unsigned stripe);
  void make_overdue(Missing& missing, Instant since, Instant due);
  void learn(const Missing& missing, bool early, bool held, Instant now);
  void note_request(Missing& missing, const RepairTarget& target, unsigned copies, Instant now);
  static bool add_to(wire::RepairRequest& request, std::uint64_t sequence);
  std::vector<Missing>::iterator find(std::uint64_t sequence);
  void remove(Missing& missing);
  void trim();

  std::vector<Missing> missing_;  // by sequence; `gone` ones are taken out from the front
  std::size_t size_ = 0;          // of those that are not gone
  Instant next_due_ = kNever;     // no later than the first that is due
  std::uint64_t noticed_ = 0;     // what is missing below is in missing_
  std::vector<Span> overtaken_;   // by stripe: of what is missing there it has been said already
  Duration guard_ = kGuardMin;
  Duration reorder_guard_ = kGuardMin;
  TokenBucket copies_again_{kCopiesAgainPerSecond, kCopiesAgainPerSecond};
};

template <typename Expected>
std::uint64_t Gaps::notice(std::uint64_t from, std::uint64_t to, const stream::Store& store, Expected expected,
                           Instant now) {
  std::uint64_t s = std::max(from, store.tail());
  if (!missing_.empty()) s = std::max(s, missing_.back().sequence + 1);
  for (; s < to && size_ < kMissingMax; ++s) {
    if (store.covers(s) && (store.at(s).present() || store.at(s).given_up)) continue;
    const When should = expected(s);
    const Instant when = std::max(now, should.usual + should.patience);
    const bool overdue = when <= now;
    const Instant due = when + (overdue ? reorder_guard_ : guard_);
    missing_.push_back(
        {.sequence = s, .noticed = now, .usual = should.usual, .expected = when, .due = due, .overdue = overdue});
    ++size_;
    next_due_ = std::min(next_due_, due);
  }
  noticed_ = std::max(from, s);
  return noticed_;
}

template <typename Choose>
std::optional<RepairTarget> Gaps::take_due(Instant now, unsigned copies, wire::RepairRequest& request, Choose choose) {
  request.ranges.clear();
  if (now < next_due_) return std::nullopt;
  next_due_ = kNever;
  std::optional<RepairTarget> asked;
  std::size_t on_the_way = 0;
  for (Missing& missing : missing_) {
    if (missing.gone) continue;
    if (missing.due > now && missing.requests > 0) ++on_the_way;
    if (missing.due <= now && missing.requests == 0 && on_the_way >= kAskedMax) {
      missing.due = now + kRecheck;
    } else if (missing.due <= now) {
      const std::optional<RepairTarget> target = choose(std::as_const(missing));
      if (!target) {
        missing.due = now + kRecheck;
      } else if ((asked && asked->session != target->session) || !add_to(request, missing.sequence)) {
        next_due_ = now;  // goes into another request
        continue;
      } else {
        asked = target;
        note_request(missing, *target, copies, now);
        ++on_the_way;
      }
    }
    next_due_ = std::min(next_due_, missing.due);
  }
  return asked;
}

}  // namespace spate::swarm
