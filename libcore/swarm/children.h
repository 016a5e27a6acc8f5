// The peers we serve: slots, what each has been sent, and the sending itself.
//
// Every child has a cursor into the store; nothing is queued per child. What arrives here behind a cursor (a
// repaired shard) is forwarded at once. A child never has more unread bytes on the way than its socket holds
// (its window) plus what the path itself holds. A child that has been silent for kSilenceMax is gone.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/stats.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

struct ChildrenStats {
  std::uint64_t payload_bytes_sent = 0;  // repairs and all
  std::uint64_t repairs_sent = 0;
  SentBytes sent;
};

class Children {
 public:
  static constexpr Duration kSilenceMax = std::chrono::milliseconds(1'500);
  // A burst with nothing behind it is closed by a Head message after so long, so that the loss of its end shows. Where
  // a hash list was sent ahead of it, that has told already.
  static constexpr Duration kMarkerDelay = std::chrono::milliseconds(5);
  static constexpr std::size_t kUrgentMax = 1024;  // repairs and late shards waiting, per child
  static constexpr std::uint64_t kQuantum = 48;    // shards to one child before the next has its turn

  Children(std::uint16_t slots, stream::Store& store, Peers& peers, Outbox& outbox, TokenBucket& upload);

  std::uint16_t slots() const { return slots_; }
  std::uint16_t free_slots() const { return static_cast<std::uint16_t>(slots_ - children_.size()); }
  std::size_t size() const { return children_.size(); }
  bool has(session::SessionId session) const;
  template <typename F>
  void for_each(F f) const {
    for (const Child& child : children_) f(child.session);
  }

  // REQUIRES free_slots() > 0 and !has(session). Sending begins at `first`.
  void add(session::SessionId session, std::uint64_t first, std::uint32_t window_bytes, Instant now);
  void remove(session::SessionId session);
  void clear() { children_.clear(); }
  // Where the child's subscription began.
  std::uint64_t first(session::SessionId session) const;

  void on_report(session::SessionId session, const wire::Report& report, Instant now);
  void on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now);
  // These sequences have entered the store.
  void on_stored(std::span<const std::uint64_t> sequences);
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
    bool list;    // the hash list of it rather than the shard
    bool repair;  // asked for, rather than late
  };
  struct Child {
    session::SessionId session;
    std::uint64_t first = 0;
    std::uint64_t cursor = 0;  // the next sequence to send
    std::uint64_t landed = 0;  // nothing below it is on the way any more
    std::uint32_t window_bytes = 0;
    std::uint64_t list_sent = UINT64_MAX;       // first sequence of the newest list sent in order
    std::uint64_t late_list_sent = UINT64_MAX;  // the same for shards that came late
    std::deque<Urgent> urgent;
    wire::Report report;
    bool reported = false;
    std::uint32_t loss_base_received = 0;  // the report's counters when the loss was last judged
    std::uint32_t loss_base_missed = 0;
    bool lossy = false;  // its path loses more than 0.5 %: lists go twice
    TokenBucket repairs{0, 0};
    Instant heard{};
    Instant moved{};  // last progress: something new sent, landed or not needed any more
    Instant marker_at = kNever;
    unsigned markers_left = 0;
  };

  Child* find(session::SessionId session);
  const Child* find(session::SessionId session) const;
  bool pump_child(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now, bool& progressed);
  bool send_urgent(Child& child, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  void send_shard(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                  DatagramBatch& out, Instant now);
  void send_list(Child& child, const stream::StoredShard& shard, bool repair, session::Endpoint& endpoint,
                 DatagramBatch& out, Instant now);
  // Returns the bytes on the wire; 0 if the session is not what it was.
  std::uint64_t send(Child& child, Bytes frame, session::Endpoint& endpoint, DatagramBatch& out, Instant now);
  std::uint64_t needed(const Child& child) const;
  std::uint64_t window_shards(const Child& child) const;
  void measure_rate(Instant now);

  std::uint16_t slots_;
  stream::Store& store_;
  Peers& peers_;
  Outbox& outbox_;
  TokenBucket& upload_;
  std::vector<Child> children_;
  std::vector<session::SessionId> silent_;
  std::size_t turn_ = 0;
  Instant upload_ready_ = kNever;
  Instant last_progress_{};
  std::uint64_t rate_head_ = 0;  // the stream's rate in shards a second, for windows
  Instant rate_since_{};
  std::uint64_t shards_per_second_ = 0;
  ChildrenStats stats_;
};

}  // namespace spate::swarm
