// A member's place in the swarm: it has parents for every stripe, keeps them, and gets to know others.
//
// This is the facade. It hands what it is told to the machines whose subject it is, and lets them speak in turn:
//
//   Seeking      while a stripe has no parent: finds one, with Inquiring (asks peers how they are) and Offers (what
//                each could do for us)
//   Attending    leaves parents that are silent, dead, or have no stream themselves
//   Exploring    keeps what is known of others fresh, and changes to those through whom a stripe comes much sooner,
//   with
//                Acquaintances (whom to know)
//   Requests     asks for what is missing
//   MediaClock   the publisher's clock
//
// They share Parents (whom we have each stripe from), Candidates and Dials (whom else there is), Wants (what lacks, and
// since when), Attachment (whether we have parents at all) and Leaving (how a parent is lost).
//
// A member is there to pass on one stripe, its home (a relay all of them): the one that seems scarcest when it joins.
// What room it has left is for any stripe.
//
// Loops: a parent's path names all nodes from the publisher's child down to it; nobody takes a parent whose path it is
// in.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "libcore/swarm/acquaintances.h"
#include "libcore/swarm/attachment.h"
#include "libcore/swarm/attending.h"
#include "libcore/swarm/candidates.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/dials.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/exploring.h"
#include "libcore/swarm/fallback.h"
#include "libcore/swarm/inquiring.h"
#include "libcore/swarm/leaving.h"
#include "libcore/swarm/media_clock.h"
#include "libcore/swarm/offers.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"
#include "libcore/swarm/record_check.h"
#include "libcore/swarm/requests.h"
#include "libcore/swarm/seeking.h"
#include "libcore/swarm/wants.h"
#include "libcore/swarm/ways.h"

namespace spate::swarm {

class Member {
 public:
  struct House {  // the machines of the same swarm
    session::Endpoint& endpoint;
    session::ServiceIndex service;
    Outbox& outbox;
    Peers& peers;
    Children& children;
    Reception& reception;
    std::deque<Event>& events;
    StreamIndex stream;
    TokenBucket& upload;
    RecordCheck& records;
    const crypto::Identity& self;
  };

  Member(const JoinConfig& config, std::uint32_t window_bytes, const House& house, Instant now);
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  void on_established(Peer& peer, Instant now);
  // The session is gone; `peer` is who it was with.
  void on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now);
  void on_status(Peer& peer, Instant now);
  void on_peers(session::SessionId from, const wire::Peers& peers, Instant now);
  void on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now);
  void on_displaced(session::SessionId from, const wire::Displaced& displaced, Instant now);
  void on_hole(const Peer& peer, const wire::Hole& hole, Instant now);
  void on_head(const Peer& peer, const wire::Head& head, Instant now);
  void on_bye(Peer& peer, const wire::Bye& bye, Instant now);
  // A shard of a parent's has been taken in, known already or not.
  void on_shard(session::SessionId from, std::uint64_t sequence, bool stored, Instant now) {
    parents_.on_shard(from, sequence, stored, now);
  }
  // Before that datagram of the peer's others have not come, or it is one of these.
  void on_skipped(const Peer& peer, const session::Endpoint::Received& datagram, Instant now) {
    // What a full queue drops is not asked for early: that would feed the queue.
    if (datagram.number > datagram.expected && peer.queues()) return;
    const StripeMask stripes = parents_.from(peer.session);
    house_.reception.on_skipped(peer.session.number(), stripes, datagram.expected, datagram.number, now);
  }
  // Something has been taken in.
  void on_received(Instant now);
  // A neighbour sent what nobody honest can send.
  void on_forger(session::SessionId session, Instant now) { leaving_.close(session, now); }
  void begin_run(Instant now);

  Parents& parents() { return parents_; }
  const Parents& parents() const { return parents_; }
  // Some parent has accepted us.
  bool attached() const { return attachment_.attached(); }
  bool is_parent(session::SessionId session) const { return parents_.from(session) != 0; }
  // The stripes that have a way from the publisher to us.
  StripeMask flowing() const { return parents_.flowing(); }
  bool receiving() const { return house_.reception.started() && flowing() != 0; }
  // The longest way that a stripe takes to us.
  std::size_t depth() const { return swarm::depth(parents_); }
  std::optional<std::uint64_t> media_now(Instant now) const;
  std::uint64_t switches() const { return attachment_.switches(); }
  // At most Candidates::kMax.
  std::size_t candidates() const { return candidates_.all().size(); }
  std::uint64_t forged_records() const { return forged_records_; }
  // The least of the parents' round trips.
  Duration parent_rtt() const;

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  // Why the member gives up for good, if it does.
  std::optional<StopReason> stop_reason(Instant now) const { return attachment_.stop_reason(now); }

 private:
  void serve_or_not();
  bool believable_start(std::uint64_t first) const;
  const Candidate* hear(session::SessionId from, const wire::PeerRecord& record, Instant now);
  void welcome(Peer& peer, StripeMask fresh, std::uint64_t first, Instant now);
  void drop_looped(Peer& peer, StripeMask given, Instant now);

  const bool relay_;
  const wire::ShortId self_;
  House house_;
  Parents parents_;
  Candidates candidates_;
  MediaClock clock_;
  Attachment attachment_;
  Wants wants_;
  Leaving leaving_;
  Dials dials_;
  Offers offers_;
  Inquiring inquiring_;
  Seeking seeking_;
  Attending attending_;
  Fallback fallback_;
  Acquaintances acquaintances_;
  Exploring exploring_;
  Requests requests_;
  std::uint64_t forged_records_ = 0;
};

}  // namespace spate::swarm
