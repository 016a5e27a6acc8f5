// A member's place in the swarm: finding a parent, keeping it, and finding another.
//
//   seeking     dials candidates (the link's hosts, then whoever they introduce), asks each for its status, and picks
//               the one with a free slot through which the stream would arrive soonest
//   subscribing waits for that one's answer
//   attached    receives; reports every kReportInterval; leaves a parent that is silent or has no stream itself
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
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Member {
 public:
  static constexpr Duration kReportInterval = std::chrono::milliseconds(100);
  // A parent that says nothing for 4 round trips and 300 ms, within these bounds, is dead.
  static constexpr Duration kDeadMin = std::chrono::milliseconds(500);
  static constexpr Duration kDeadMax = std::chrono::milliseconds(1'000);
  // A parent that has no parent itself is waited for so long.
  static constexpr Duration kOrphanPatience = std::chrono::milliseconds(1'500);
  // A parent that lives, but sends nothing of what the publisher has published, is left after so long, and so much more
  // for each hop that it is away from the publisher.
  static constexpr Duration kStarved = std::chrono::milliseconds(1'000);
  static constexpr Duration kStarvedPerHop = std::chrono::milliseconds(200);
  static constexpr std::size_t kDialsMax = 6;
  static constexpr std::size_t kBackups = 2;

  struct House {  // the machines of the same swarm
    session::Endpoint& endpoint;
    session::ServiceIndex service;
    Outbox& outbox;
    Peers& peers;
    Children& children;
    Reception& reception;
    std::deque<Event>& events;
    StreamIndex stream;
  };

  Member(const JoinConfig& config, std::uint32_t window_bytes, wire::ShortId self, const House& house, Instant now);

  void on_established(Peer& peer, Instant now);
  // The session is gone; `peer` is who it was with.
  void on_gone(session::SessionId session, const crypto::NodeKey& peer, Instant now);
  void on_status(Peer& peer, Instant now);
  void on_peers(session::SessionId from, const wire::Peers& peers);
  void on_subscribe_reply(Peer& peer, const wire::SubscribeReply& reply, Instant now);
  void on_bye(Peer& peer, const wire::Bye& bye, Instant now);
  // The parent's frames have been taken in.
  void on_received(Instant now);
  // A neighbour sent what nobody honest can send.
  void on_forger(session::SessionId session, Instant now);
  void begin_run(Instant now);

  bool attached() const { return phase_ == Phase::kAttached; }
  bool is_parent(session::SessionId session) const { return attached() && parent_ == session; }
  std::optional<session::SessionId> parent() const { return attached() ? std::optional(parent_) : std::nullopt; }
  // Attached, to a parent that has the stream.
  bool receiving() const;
  // From the publisher's child down to this node. Empty if not attached.
  InlineVector<wire::ShortId, wire::kPathMax> path() const;
  std::optional<std::uint64_t> media_now(Instant now) const;
  std::uint64_t switches() const { return switches_; }
  Duration parent_rtt() const;

  void handle_deadline(Instant now);
  Instant next_deadline() const;
  // Why the member gives up for good, if it does.
  std::optional<StopReason> stop_reason(Instant now) const;

 private:
  enum class Phase : std::uint8_t { kSeeking, kSubscribing, kAttached };
  struct Dial {
    crypto::NodeKey key;
    Instant since;
  };

  void seek(Instant now);
  void dial(Instant now);
  bool connect(const Candidate& candidate, Duration give_up, Instant now);
  void inquire_all(Instant now);
  Peer* best_parent(Instant now);
  Peer* best_parent_of(bool useless, Instant now);
  bool better_may_come(Instant now) const;
  void subscribe(Peer& peer, Instant now);
  void attach(Peer& peer, std::uint64_t first, Instant now);
  void detach(Instant now);
  void drop_parent(Instant now);
  bool starving(Instant now) const;
  void attend_parent(Instant now);
  void report(Instant now);
  void request_repairs(Instant now);
  void keep_backups(Instant now);
  void close(session::SessionId session, Instant now);

  const JoinConfig config_;
  const std::uint32_t window_bytes_;
  const wire::ShortId self_;
  House house_;
  Candidates candidates_;
  std::map<session::SessionId, Dial> dials_;
  Phase phase_ = Phase::kSeeking;
  Instant seek_at_;
  Instant gather_until_ = kNever;
  session::SessionId parent_;  // or the one subscribed to
  unsigned subscribe_tries_ = 0;
  Instant subscribe_again_ = kNever;
  wire::Status parent_status_;
  Instant orphaned_since_ = kNever;
  session::ClockSync clock_;  // the last known
  Instant attached_at_{};
  Instant report_at_ = kNever;
  Instant early_report_at_ = kNever;
  std::uint64_t reported_received_ = 0;
  Instant reported_at_{};
  Instant backups_at_ = kNever;
  bool ever_attached_ = false;
  Instant unattached_since_;
  std::uint64_t switches_ = 0;
};

}  // namespace spate::swarm
