// The peers we serve: slots, who has which stripes, what each has been sent, and the sending itself.
//
// A slot is room for one stripe of one child. Every child has a cursor into the store; nothing is queued per child.
// What arrives here behind a cursor (a repaired shard) is forwarded at once. A child that has most of the stream from
// us never has more unread bytes on the way than its socket holds (its window) plus what the path itself holds. A child
// that has been silent for kSilenceMax is gone.
//
// News first, to all children; then what they have asked for; then, at a pace that leaves the others alone, the backlog
// of those that began in the past.
//
// Who passes more on is served first, and takes the place of who passes on less when there is no room: see Standing.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/stats.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

// How much it matters to others that a child has a stripe. Where there is no room the higher standing takes the place
// of a lower one, so that what is short is short for those that nobody depends on.
enum Standing : unsigned {
  kTakesOnly = 0,    // it passes on little (or the stripe is parity)
  kContributes = 1,  // it passes on other stripes, half the stream at least
  kPassesOn = 2,     // it passes on this one
};
inline Standing standing(StripeMask passes_on, unsigned slots, unsigned stripe, const Striping& striping) {
  static constexpr unsigned kPassesOnSlots = 2;
  if ((passes_on & bit(stripe)) != 0 && slots >= kPassesOnSlots) return kPassesOn;
  return stripe < striping.data && 2 * slots >= striping.data ? kContributes : kTakesOnly;
}

struct ChildrenStats {
  std::uint64_t payload_bytes_sent = 0;  // repairs and all
  std::uint64_t repairs_sent = 0;
  SentBytes sent;
};

class Children {
 public:
  // Those that have most of the stream here report more often.
  static constexpr Duration kSilenceMax = std::chrono::milliseconds(1'500);
  static constexpr Duration kSilenceMaxPart = std::chrono::milliseconds(7'000);
  // A displaced child is served for so long, to find its way to whoever took its place.
  static constexpr Duration kDisplacedFor = std::chrono::milliseconds(400);
  // A burst with nothing behind it is closed by a Head message after so long, so that the loss of its end shows. Where
  // a hash list was sent ahead of it, that has told already.
  static constexpr Duration kMarkerDelay = std::chrono::milliseconds(5);
  static constexpr std::size_t kUrgentMax = 1024;  // late shards waiting, per child, and repairs
  static constexpr std::uint64_t kQuantum = 48;    // shards to one child before the next has its turn

  // `capacity_milli`: how many thousandths of the stream, with its parity, may be sent, all children together.
  Children(std::uint32_t capacity_milli, stream::Store& store, Peers& peers, Outbox& outbox, TokenBucket& upload);

  void set_striping(const Striping& striping) { striping_ = striping; }
  const Striping& striping() const { return striping_; }
  // The stripes that we are there to pass on; a child that has no other way may have any.
  void set_home(StripeMask home) { home_ = home; }
  StripeMask home() const { return home_; }
  // Those, and what somebody has from us now.
  StripeMask passes_on() const;

  // As many as the capacity and the upload limit allow, less what was too much of late.
  std::uint16_t slots() const;
  std::uint16_t free_slots() const;
  // That children have.
  unsigned used() const;
  // The home stripes that a new child may have now.
  StripeMask open() const;
  // What a child of that standing may have in place of another.
  StripeMask yields_to(unsigned standing) const;
  std::size_t size() const { return children_.size(); }
  // Control messages have gone out: what they take is no room for slots.
  void on_control(std::uint64_t bytes) { control_bytes_ += bytes; }
  // Of the stream, as measured; 0 at first.
  std::uint64_t shards_per_second() const { return shards_per_second_; }
  bool has(session::SessionId session) const { return find(session) != nullptr; }
  // What it has from us, and whether that is most of the stream.
  StripeMask stripes(session::SessionId session) const;
  bool whole(session::SessionId session) const { return striping_.mostly(stripes(session)); }
  // Everybody has all of it from here, and passes nothing on.
  bool one_level() const;
  // What it passes on, by its word.
  StripeMask passed_on_by(session::SessionId session) const;
  template <typename F>
  void for_each(F f) const {
    for (const Child& child : children_) f(child.session);
  }
  template <typename F>
  void for_each_with_lists(F f) const {
    for (const Child& child : children_)
      if (child.lists) f(child.session);
  }

  // Grants what it can of the request, in place of what the child had. Only `allowed` stripes are granted. A new
  // child's begin at `first`; so do stripes added to those of an old one. `live`: what is new must not wait for what is
  // old.
  wire::SubscribeReply subscribe(session::SessionId session, const wire::Subscribe& request, StripeMask allowed,
                                 std::uint64_t first, bool live, Instant now);
  void remove(session::SessionId session);
  void clear() { children_.clear(); }
  struct DisplacedChild {
    session::SessionId session;
    StripeMask stripes;
    std::optional<session::SessionId> by;  // nobody: there is no room any more
  };
  // Whom subscribe() has displaced, and whom we cannot serve any more; the caller tells them.
  std::vector<DisplacedChild> take_displaced() { return std::exchange(displaced_, {}); }

  void on_report(session::SessionId session, const wire::Report& report, Instant now);
  void on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now);
  // These sequences have entered the store.
  void on_stored(std::span<const std::uint64_t> sequences);
  // A hash list that begins there has entered the store.
  void on_list(std::uint64_t first);
  // These parity shards have entered the store's blocks.
  void on_parity(std::span<const stream::ParityId> parity);
  // The run began anew: everybody starts at `first`.
  void restart(std::uint64_t first);

  // Sends what may be sent. False if the batch is full and more waits.
  bool pump(session::Endpoint& endpoint, DatagramBatch& out, Instant now);

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  // Children found silent by handle_deadline(); the caller tells the rest of the house.
  std::vector<session::SessionId> take_silent();

  // How many sequences the slowest child that is still moving has yet to get; 0 without children.
  std::uint64_t backlog(Instant now) const;
  // Has every child reported that it has the run to its end, and that it knows this?
  bool all_have_the_end(std::uint64_t head) const;
  Instant last_progress() const { return last_progress_; }
  const wire::Report* report_of(session::SessionId session) const;
  const ChildrenStats& stats() const { return stats_; }

 private:
  struct Urgent {
    std::uint64_t sequence;
    bool list;  // the hash list of it rather than the shard
    Instant since{};
    bool operator==(const Urgent& other) const { return sequence == other.sequence && list == other.list; }
  };
  struct Backlog {  // of what is no news: from `next` to `end`
    StripeMask stripes;
    std::uint64_t next;
    std::uint64_t end;
  };
  struct Child {
    session::SessionId session;
    StripeMask stripes = 0;
    StripeMask ending = 0;  // displaced: sent until ending_at, but not counted
    Instant ending_at = kNever;
    bool lists = true;
    std::uint16_t slots = 0;  // its own, by its word
    StripeMask passes_on = 0;
    std::uint64_t first = 0;
    std::uint64_t cursor = 0;  // the next sequence to send
    std::uint64_t landed = 0;  // nothing below it is on the way any more
    std::uint32_t window_bytes = 0;
    std::uint64_t list_sent = UINT64_MAX;         // first sequence of the newest list sent in order
    std::uint64_t late_list_sent = UINT64_MAX;    // the same for shards that came late
    std::uint64_t parity_list_sent = UINT64_MAX;  // the block whose list, of parity only, was sent last
    std::deque<Urgent> late;                      // came behind the cursor
    std::deque<stream::ParityId> parity;
    std::deque<Urgent> repairs;  // asked for
    wire::Report report;
    bool reported = false;
    std::uint32_t loss_base_received = 0;  // the report's counters when the loss was last judged
    std::uint32_t loss_base_missed = 0;
    bool lossy = false;  // its path loses more than 0.5 %: lists go twice
    TokenBucket repairs_left{0, 0};
    std::vector<Backlog> backlogs;            // kBacklogsOfOne at most
    std::uint64_t backlog_list = UINT64_MAX;  // first sequence of the newest list sent with it
    TokenBucket backlog_pace{0, 0};           // shards
    Instant heard{};
    Instant moved{};  // last progress: something new sent, landed or not needed any more
    Instant marker_at = kNever;
    unsigned markers_left = 0;
  };

  bool everywhere() const { return count(home_) >= striping_.data; }
  unsigned served(unsigned stripe) const;
  bool nobody_has(unsigned stripe) const;
  StripeMask had_twice() const;
  bool room_for(unsigned stripe, bool guest) const;
  void end(Child& child, unsigned stripe, std::optional<session::SessionId> by, Instant now);
  void judge_load(Instant now);
  void measure_control(Instant now);
  void shed(Instant now);
  bool reserves() const;
  void note_costs();
  std::uint64_t affordable(std::uint64_t percent) const;
  StripeMask sheddable(StripeMask stripes) const;
  struct Held {  // a stripe that a child has, and what that is good for
    unsigned standing;
    std::uint32_t slots;
    Child* child;
    unsigned stripe;
  };
  std::optional<Held> least(unsigned stripe, std::optional<session::SessionId> by);
  bool displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now);
  Child& add(session::SessionId session, const wire::Subscribe& request, std::uint64_t first, Instant now);
  void add_backlog(Child& child, StripeMask stripes, std::uint64_t first);
  bool is_news(std::uint64_t sequence) const;
  bool whole(const Child& child) const { return striping_.mostly(child.stripes | child.ending); }
  Duration silence_max(const Child& child) const { return whole(child) ? kSilenceMax : kSilenceMaxPart; }
  bool may_send_next(Child& child, const stream::StoredShard& shard, std::uint64_t window) const;
  bool pump_backlog(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  bool send_next(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  Child* find(session::SessionId session);
  const Child* find(session::SessionId session) const;
  void line_up();
  bool pump_child(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now, bool& progressed);
  bool send_late(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  bool parity_due(const Child& child) const;
  bool send_parity(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  bool pump_repairs(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  void send_shard(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                  DatagramBatch& out, Instant now);
  void send_list(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                 DatagramBatch& out, Instant now);
  // Returns the bytes on the wire; 0 if the session is not what it was.
  std::uint64_t send(Child& child, Bytes frame, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  std::uint64_t needed(const Child& child) const;
  std::uint64_t window_shards(const Child& child) const;
  bool just_sent(const Child& child, const stream::StoredShard& shard, Instant now) const;
  Duration marker_delay() const;
  void measure_rate(Instant now);

  const std::uint32_t capacity_milli_;
  Striping striping_;
  StripeMask home_ = 0;
  stream::Store& store_;
  Peers& peers_;
  Outbox& outbox_;
  TokenBucket& upload_;
  TokenBucket all_repairs_;  // bytes
  std::vector<Child> children_;
  std::vector<session::SessionId> silent_;
  std::vector<DisplacedChild> displaced_;
  std::uint64_t stripe_bytes_per_second_ = 0;
  std::uint64_t list_bytes_per_second_ = 0;
  std::uint64_t control_bytes_ = 0;  // since control_since_
  std::uint64_t control_bytes_per_second_ = 0;
  Instant control_since_{};
  std::uint16_t load_max_ = UINT16_MAX;  // slots, after we could not serve as many as we had
  Instant load_judged_{};
  Instant late_since_ = kNever;
  Instant over_since_ = kNever;  // more is used than there is room for
  Instant load_raised_{};
  std::vector<std::pair<std::uint64_t, std::uint32_t>> line_;  // of children_, by what is next
  Instant upload_ready_ = kNever;
  Instant backlog_ready_ = kNever;
  Instant last_progress_{};
  std::uint64_t rate_head_ = 0;  // the stream's rate in shards a second, for windows
  Instant rate_since_{};
  std::uint64_t shards_per_second_ = 0;
  ChildrenStats stats_;
};

}  // namespace spate::swarm
