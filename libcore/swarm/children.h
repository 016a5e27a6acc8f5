// The peers we serve. Each subject is at home in a machine of its own in children/; this puts them together, and says
// who comes and who goes. A child that has been silent for kSilenceMax is gone.
//
// News first, to all children; then what they have asked for; then, at a pace that leaves the others alone, the backlog
// of those that began in the past. Who passes more on is served first.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/children/admission.h"
#include "libcore/swarm/children/backlogs.h"
#include "libcore/swarm/children/costs.h"
#include "libcore/swarm/children/latecomers.h"
#include "libcore/swarm/children/load.h"
#include "libcore/swarm/children/markers.h"
#include "libcore/swarm/children/news.h"
#include "libcore/swarm/children/parity_queue.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/repairs.h"
#include "libcore/swarm/children/reports.h"
#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/shedding.h"
#include "libcore/swarm/children/slots.h"
#include "libcore/swarm/children/standing.h"
#include "libcore/swarm/children/table.h"
#include "libcore/swarm/children/window.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Children {
 public:
  // Those that have most of the stream here report more often than the others say anything.
  static constexpr Duration kSilenceMax = std::chrono::milliseconds(1'500);
  static constexpr Duration kSilenceMaxPart = std::chrono::milliseconds(3'000);
  static constexpr Duration kDisplacedFor = Admission::kDisplacedFor;

  // `capacity_milli`: how many thousandths of the stream, with its parity, may be sent, all children together.
  Children(std::uint32_t capacity_milli, stream::Store& store, Peers& peers, Outbox& outbox, TokenBucket& upload);
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  void set_striping(const Striping& striping) { table_.set_striping(striping); }
  const Striping& striping() const { return table_.striping(); }
  // The stripes that we are there to pass on; a child that has no other way may have any.
  void set_home(StripeMask home) { table_.set_home(home); }
  StripeMask home() const { return table_.home(); }
  // Those, and what somebody has from us now.
  StripeMask passes_on() const;

  // As many as the capacity and the upload limit allow, less what was too much of late; none while closed.
  void close(bool closed) { slots_.close(closed); }
  std::uint16_t slots() const { return slots_.all(); }
  std::uint16_t free_slots() const { return slots_.free(); }
  // That children have.
  unsigned used() const { return table_.used(); }
  // What it takes to be given each stripe (wire::StripeStatus::place).
  Admission::Places places() const { return admission_.places(); }
  std::size_t size() const { return table_.size(); }
  // What waits for the child for which most does.
  struct Waiting {
    std::size_t late = 0;    // at most Child::kUrgentMax
    std::size_t asked = 0;   // at most Child::kUrgentMax
    std::size_t parity = 0;  // at most Child::kParityMax
    std::size_t past = 0;    // ranges, at most Backlogs::kOfOne
  };
  Waiting waiting() const;
  // Control messages have gone out: what they take is no room for slots.
  void on_control(std::uint64_t bytes) { costs_.on_control(bytes); }
  // Of the stream, as measured; 0 at first.
  std::uint64_t shards_per_second() const { return rate_.shards_per_second(); }
  bool has(session::SessionId session) const { return table_.find(session) != nullptr; }
  // What it has from us, and whether that is most of the stream.
  StripeMask stripes(session::SessionId session) const;
  bool whole(session::SessionId session) const { return striping().mostly(stripes(session)); }
  // Everybody has all of it from here, and passes nothing on.
  bool one_level() const;
  // What it passes on, by its word.
  StripeMask passed_on_by(session::SessionId session) const;
  template <typename F>
  void for_each(F f) const {
    for (const Child& child : table_) f(child.session);
  }
  template <typename F>
  void for_each_with_lists(F f) const {
    for (const Child& child : table_)
      if (child.lists) f(child.session);
  }

  // Grants what it can of the request, in place of what the child had. Only `allowed` stripes are granted. A new
  // child's begin at `first`; so do stripes added to those of an old one. `live`: what is new must not wait for what is
  // old.
  wire::SubscribeReply subscribe(session::SessionId session, const wire::Subscribe& request, StripeMask allowed,
                                 std::uint64_t first, bool live, Instant now);
  void remove(session::SessionId session) { table_.remove(session); }
  void clear() { table_.clear(); }
  using DisplacedChild = swarm::DisplacedChild;
  // Whom subscribe() has displaced, and whom we cannot serve any more; the caller tells them.
  std::vector<DisplacedChild> take_displaced() { return admission_.take_displaced(); }

  void on_report(session::SessionId session, const wire::Report& report, Instant now);
  void on_repair_request(session::SessionId session, const wire::RepairRequest& request, Instant now);
  // These sequences have entered the store.
  void on_stored(std::span<const std::uint64_t> sequences) { latecomers_.on_stored(sequences); }
  // A hash list that begins there has entered the store.
  void on_list(std::uint64_t first) { latecomers_.on_list(first); }
  // These parity shards have entered the store's blocks.
  void on_parity(std::span<const stream::ParityId> parity) { parity_.on_parity(parity); }
  // The run began anew: everybody starts at `first`.
  void restart(std::uint64_t first);

  // Sends what may be sent. False if the batch is full and more waits.
  bool pump(session::Endpoint& endpoint, DatagramBatch& out, Instant now);

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  // Children found silent by handle_deadline(); the caller tells the rest of the house.
  std::vector<session::SessionId> take_silent() { return std::exchange(silent_, {}); }

  // How many sequences the slowest child that is still moving has yet to get; 0 without children.
  std::uint64_t backlog(Instant now) const { return reports_.backlog(now); }
  // Has every child reported that it has the run to its end, and that it knows this?
  bool all_have_the_end(std::uint64_t head) const { return reports_.all_have_the_end(head); }
  Instant last_progress() const { return reports_.last_progress(); }
  const wire::Report* report_of(session::SessionId session) const;
  const ChildrenStats& stats() const { return sender_.stats(); }

 private:
  bool takes_from_past(session::SessionId session, StripeMask stripes, std::uint64_t first, Instant now);
  Child& add(session::SessionId session, const wire::Subscribe& request, StripeMask granted, std::uint64_t first,
             bool live, Instant now);
  void send_passed(Child& child, StripeMask stripes, std::uint64_t first) const;
  Duration silence_max(const Child& child) const { return table_.whole(child) ? kSilenceMax : kSilenceMaxPart; }

  stream::Store& store_;
  Peers& peers_;
  ChildTable table_;
  StreamRate rate_;
  Costs costs_;
  Load load_;
  Slots slots_;
  Admission admission_;
  Shedding shedding_;
  Reports reports_;
  Sender sender_;
  Window window_;
  Markers markers_;
  Latecomers latecomers_;
  ParityQueue parity_;
  News news_;
  Repairs repairs_;
  Backlogs backlogs_;
  std::vector<session::SessionId> silent_;
};

}  // namespace spate::swarm
