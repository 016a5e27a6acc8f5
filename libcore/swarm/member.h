// A member's place in the swarm: finding parents for every stripe, keeping them, finding others.
//
//   seek     while a stripe has no parent: dials candidates (the link's hosts, then whoever is named by those), asks
//   each
//            for its status, and asks for each stripe whom it would come through soonest
//   attend   leaves parents that are silent, dead, or have no stream themselves
//   explore  now and then gets to know another peer, and changes to it if a stripe comes much sooner through it
//
// A member passes on one stripe, its home (a relay all of them): the one that seems scarcest when it joins. In the
// others it is a leaf, so that what its failure costs anybody is one stripe. Only who finds no home of a stripe with
// room asks others for it, as a guest.
//
// Loops: a parent's path names all nodes from the publisher's child down to it; nobody takes a parent whose path it is
// in.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "libcore/swarm/candidates.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/config.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Member {
 public:
  // A parent that says nothing for 4 round trips and 300 ms, within these bounds, is dead, if it gives most of the
  // stream. Others speak less: they have kDeadPart.
  static constexpr Duration kDeadMin = std::chrono::milliseconds(500);
  static constexpr Duration kDeadMax = std::chrono::milliseconds(1'000);
  static constexpr Duration kDeadPart = std::chrono::milliseconds(2'500);
  // A stripe of which nothing comes while the others go on is taken from a parent that says nothing at all after so
  // long, and so much more for each hop that it is away from the publisher: who is nearest to the trouble is to notice
  // it first.
  static constexpr Duration kStripeSilent = std::chrono::milliseconds(150);
  static constexpr Duration kStripeSilentPerHop = std::chrono::milliseconds(50);
  // Before that it is asked for a sign of life. If it gives one, it is waited for so long.
  static constexpr Duration kSuspect = std::chrono::milliseconds(80);
  static constexpr Duration kSpeaksSilent = std::chrono::milliseconds(700);
  // A parent that has no parent itself is waited for so long.
  static constexpr Duration kOrphanPatience = std::chrono::milliseconds(1'500);
  // Parents that live, but send nothing of what the publisher has published, are left after so long, and so much more
  // for each hop that they are away from the publisher.
  static constexpr Duration kStarved = std::chrono::milliseconds(1'000);
  static constexpr Duration kStarvedPerHop = std::chrono::milliseconds(200);
  static constexpr std::size_t kDialsMax = 8;
  // With so much more sent than the upload limit allows, questions wait.
  static constexpr Duration kDebtMax = std::chrono::milliseconds(100);
  // Beyond so many peers no more are sought out without need.
  static constexpr std::size_t kPeersKept = 40;

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
  };

  Member(const JoinConfig& config, std::uint32_t window_bytes, wire::ShortId self, const House& house, Instant now);

  void on_established(Peer& peer, Instant now);
  // The session is gone; `peer` is who it was with.
  void on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now);
  void on_status(Peer& peer, Instant now);
  void on_peers(session::SessionId from, const wire::Peers& peers);
  void on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now);
  void on_displaced(session::SessionId from, const wire::Displaced& displaced, Instant now);
  void on_bye(Peer& peer, const wire::Bye& bye, Instant now);
  // A shard of a parent's has been taken in, known already or not.
  void on_shard(session::SessionId from, std::uint64_t sequence, Instant now) {
    parents_.on_shard(from, sequence, now);
  }
  // Something has been taken in.
  void on_received(Instant now);
  // A neighbour sent what nobody honest can send.
  void on_forger(session::SessionId session, Instant now);
  void begin_run(Instant now);

  Parents& parents() { return parents_; }
  const Parents& parents() const { return parents_; }
  // Some parent has accepted us.
  bool attached() const { return parents_.served() != 0; }
  bool is_parent(session::SessionId session) const { return parents_.from(session) != 0; }
  // The stripes that have a way from the publisher to us.
  StripeMask flowing() const;
  bool receiving() const { return house_.reception.started() && flowing() != 0; }
  // The longest way that a stripe takes to us.
  std::size_t depth() const;
  std::optional<std::uint64_t> media_now(Instant now) const;
  std::uint64_t switches() const { return switches_; }
  Duration parent_rtt() const;

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  // Why the member gives up for good, if it does.
  std::optional<StopReason> stop_reason(Instant now) const;

 private:
  struct Dial {
    crypto::NodeKey key;
    Instant since;
  };
  struct Offer {  // what a peer could do for us
    Peer* peer = nullptr;
    Duration cost{};
    bool guest = false;
  };

  void seek(Instant now);
  void seek_soon(Instant now) { seek_at_ = std::min(seek_at_, now); }
  StripeMask wanted() const {
    return !striped_ ? wire::kAllStripes
                     : parents_.all() & ~parents_.asked() & ~(parents_.served() & ~parents_.ending());
  }
  void assign(Instant now);
  Offer best_offer(unsigned stripe, bool guests, const std::map<session::SessionId, StripeMask>& plan, Instant now);
  std::optional<Offer> offer(Peer& peer, unsigned stripe, bool guests, unsigned taken, Instant now);
  Duration crowding(const Peer& peer, unsigned gives) const;
  bool guests_allowed(unsigned stripe, Instant now) const;
  void dial_for(StripeMask stripes, std::size_t dials_max, Instant now);
  bool dial(const Candidate& candidate, Instant now);
  void inquire_all(StripeMask wanted, Instant now);
  bool better_may_come(Instant now) const;
  void choose_home();
  void on_lost(StripeMask stripes, Instant now);
  void attend(Instant now);
  bool short_of_upload(Instant now) { return house_.upload.ready_at(now) - now > kDebtMax; }
  bool dead(session::SessionId session, StripeMask gives, Instant now) const;
  bool overdue(unsigned stripe, unsigned rounds, Instant now) const;
  bool stripe_silent(unsigned stripe, Instant now) const;
  bool starving(Instant now) const;
  void leave_parent(session::SessionId session, StripeMask stripes, Instant now);
  std::optional<RepairTarget> whom_to_ask(std::uint64_t sequence, unsigned requests, Instant now);
  void request_repairs(Instant now);
  void explore(Instant now);
  void improve(Instant now);
  void close(session::SessionId session, Instant now);
  Peer* clock_peer() const;

  const JoinConfig config_;
  const wire::ShortId self_;
  House house_;
  Parents parents_;
  Candidates candidates_;
  std::map<session::SessionId, Dial> dials_;
  Instant seek_at_;
  Instant gather_since_ = kNever;
  Instant named_at_{};  // when somebody was last asked to name others
  Instant attend_at_ = kNever;
  Instant explore_at_ = kNever;
  std::vector<Instant> lacking_since_{kNever};  // by stripe
  struct Improvement {
    Instant not_before{};
    int doublings = 0;
  };
  std::vector<Improvement> improvements_{1};
  session::ClockSync clock_;  // the last known
  std::optional<session::SessionId> clock_peer_;
  bool striped_ = false;  // we know how
  bool ever_attached_ = false;
  Instant attached_at_{};
  Instant unattached_since_;
  std::uint64_t switches_ = 0;
  unsigned explored_ = 0;
  TokenBucket requests_left_;
};

}  // namespace spate::swarm
