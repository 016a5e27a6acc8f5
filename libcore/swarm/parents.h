// Whom a member has each stripe from: the asking, the answers, and what comes of it.
//
// A stripe has one parent at a time. A new one is asked first; when it grants the stripe, the old one is told that it
// is not wanted any more. Unanswered questions are repeated kTries times. Hash lists are had from the two parents
// through which they come soonest: the one with our home stripe, and the next best.
//
// Paths: each parent names the nodes that a stripe passes through. Nobody takes a stripe from whoever has it through
// him.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/swarm/children.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

class Parents {
 public:
  static constexpr unsigned kTries = 4;
  // To a parent of most of the stream, with what comes or, if nothing does, a little later; and to others.
  static constexpr Duration kReportAlong = std::chrono::milliseconds(100);
  static constexpr Duration kReportInterval = std::chrono::milliseconds(140);
  // Or after so many shards, or half of what our socket can hold (Window).
  static constexpr std::uint64_t kReportShards = 64;
  static constexpr Duration kReportIntervalPart = std::chrono::milliseconds(2'000);
  // In between they hear that we are still here: a third of Sender::kConsent.
  static constexpr Duration kHereInterval = std::chrono::milliseconds(650);

  struct House {
    session::Endpoint& endpoint;
    Outbox& outbox;
    Peers& peers;
    Children& children;
    Reception& reception;
  };

  Parents(std::uint32_t window_bytes, wire::ShortId self, const House& house)
      : window_bytes_(window_bytes),
        report_shards_(std::clamp<std::uint64_t>(window_bytes / kShardWireBytes / 2, 1, kReportShards)),
        self_(self),
        house_(house) {}

  // A run begins: nobody is a parent.
  void begin(const Striping& striping);

  StripeMask all() const { return striping_.mask(); }
  StripeMask served() const { return served_; }  // that have a parent
  StripeMask asked() const { return asked_; }    // that somebody has been asked for
  StripeMask from(session::SessionId session) const;
  // It gives us something, or has been asked for it.
  bool knows(session::SessionId session) const { return links_.contains(session); }
  // All that it gives or is asked for.
  StripeMask expected_from(session::SessionId session) const;
  std::optional<session::SessionId> parent(unsigned stripe) const;
  std::size_t size() const;  // that give something
  template <typename F>
  void for_each(F f) const {  // f(session, stripes)
    for (const auto& [session, link] : links_)
      if (link.granted != 0) f(session, link.granted);
  }
  // From the publisher's child down to this node; nothing while the stripe has no way to the publisher.
  std::optional<wire::Path> path(unsigned stripe) const;
  // Those for which path() has something.
  StripeMask flowing() const { return flowing_; }
  // Stripes whose path is another since the last call.
  StripeMask take_rerouted() { return std::exchange(rerouted_, 0); }
  // Since when its parent, by its own word, has it from nobody; kNever if it has.
  Instant orphaned_since(unsigned stripe) const { return stripes_[stripe].orphaned_since; }
  // When something of the stripe came from its parent last, and which sequence comes next.
  Instant last(unsigned stripe) const { return stripes_[stripe].last; }
  std::uint64_t next(unsigned stripe) const { return stripes_[stripe].next; }

  // Asks the peer for these, too.
  void ask(Peer& peer, StripeMask stripes, std::uint64_t first, Instant now);
  // Tells a parent that these are not wanted any more.
  void drop(session::SessionId session, StripeMask stripes, Instant now);
  // It is gone. What it gave.
  StripeMask forget(session::SessionId session);

  // What it has granted that it did not give before. Refused ones are noted with the peer for `refused_for`.
  StripeMask on_reply(Peer& peer, const wire::SubscribeReply& reply, Duration refused_for, Instant now);
  // False if a way leads back to us: those stripes have been dropped.
  bool on_status(Peer& peer, Instant now);
  void on_displaced(session::SessionId session, StripeMask stripes, Instant now);
  // Displaced, and not yet with another: their parents stop soon.
  StripeMask ending() const { return ending_; }
  // Those whose parents have stopped by now: they have none.
  StripeMask take_ended(Instant now);
  // `stored`: it was proven, and new here.
  void on_shard(session::SessionId session, std::uint64_t sequence, bool stored, Instant now);
  void on_parity(session::SessionId session, unsigned index, Instant now);
  // Frames have come and been taken in.
  void on_received(Instant now);
  // Much of what is on its way to us is not wanted any more: all of them are told.
  void report_soon(Instant now);

  void handle_deadline(Instant now);
  Instant next_deadline() const { return due_ ? *due_ : due_.emplace(first_deadline()); }

 private:
  struct Link {
    StripeMask granted = 0;
    StripeMask asked = 0;
    bool lists = false;  // as last told
    std::uint64_t first = wire::kFromNewest;
    std::uint16_t id = 0;  // of the question
    Instant since{};       // when it was asked first
    unsigned tries = 0;
    Instant again = kNever;  // when to repeat the question
    Instant report_at = kNever;
    Instant here_at = kNever;
    Instant early_report_at = kNever;
    Instant reported_at{};
  };
  struct Stripe {
    std::optional<session::SessionId> parent;
    std::optional<session::SessionId> asked;
    std::uint16_t asked_in = 0;      // the question's id
    std::optional<wire::Path> path;  // of the parent
    Instant orphaned_since = kNever;
    Instant last{};
    Instant ends_at = kNever;  // if it is ending
    std::uint64_t next = 0;
  };

  void send(session::SessionId session, Link& link, Instant now);
  void send_again(session::SessionId session, Link& link, Instant now);
  void take(session::SessionId session, Link& link, StripeMask stripes, Instant now);
  void release(Link& link, StripeMask stripes);
  StripeMask asked_by(const Link& link, std::uint16_t id) const;
  void unask(Link& link, StripeMask stripes);
  void choose_list_links(Instant now);
  bool whole(const Link& link) const { return striping_.mostly(link.granted); }
  void report(session::SessionId session, Link& link, Instant now);
  Instant first_deadline() const;

  const std::uint32_t window_bytes_;
  const std::uint64_t report_shards_;
  const wire::ShortId self_;
  House house_;
  Striping striping_;
  session::SessionMap<Link> links_;
  std::vector<Stripe> stripes_{1};
  StripeMask served_ = 0;
  StripeMask asked_ = 0;
  StripeMask ending_ = 0;
  StripeMask rerouted_ = 0;
  StripeMask flowing_ = 0;
  bool lists_due_ = false;
  std::uint64_t reported_received_ = 0;
  Instant along_from_ = kNever;  // when a regular report goes along with what has come
  std::uint16_t questions_ = 0;
  mutable std::optional<Instant> due_;  // first_deadline(), until what it follows from changes
};

}  // namespace spate::swarm
