// Leaving parents that do not do: dead ones, those silent in one stripe, those that have had no parent for long, and
// all of them if nothing comes of what the publisher has published.
//
// Who has not answered a ping in time may be dead: until it is left, or speaks, others are asked for what it owes.
//
// Who is nearest to the trouble is to notice it first: the further a stripe comes, the longer it is waited for. What is
// late may be too large for its path: before anybody is left, that path is doubted (Endpoint::doubt). Most that is late
// is so for other reasons, so while anything comes that is done once in kDoubtSpacing.
#pragma once

#include <algorithm>

#include "libcore/swarm/attachment.h"
#include "libcore/swarm/leaving.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Attending {
 public:
  // A parent that says nothing for 4 round trips and 300 ms, within these bounds, is dead, if it gives most of the
  // stream. Others speak less: they have kDeadPart.
  static constexpr Duration kDeadMin = std::chrono::milliseconds(500);
  static constexpr Duration kDeadMax = std::chrono::milliseconds(1'000);
  static constexpr Duration kDeadPart = std::chrono::milliseconds(2'500);
  // A stripe of which nothing comes while the others go on is taken from a parent that says nothing at all after so
  // long, and so much more for each hop that it is away from the publisher.
  static constexpr Duration kStripeSilent = std::chrono::milliseconds(150);
  static constexpr Duration kStripeSilentPerHop = std::chrono::milliseconds(50);
  // Before that it is asked for a sign of life. If it gives one, it is waited for so long.
  static constexpr Duration kSuspect = std::chrono::milliseconds(80);
  static constexpr Duration kSpeaksSilent = std::chrono::milliseconds(700);
  static constexpr Duration kDoubtSpacing = std::chrono::seconds(1);
  // When nothing at all comes, and there is more, all parents are asked for a sign of life, so that it shows whether
  // small datagrams come: after so long, and again after twice as long, and so on.
  static constexpr Duration kNothingComes = std::chrono::milliseconds(300);
  // A parent that has no parent itself is waited for so long; longer, if its stripe comes all the same.
  static constexpr Duration kOrphanPatience = std::chrono::milliseconds(1'500);
  static constexpr Duration kOrphanFlowsPatience = std::chrono::seconds(6);
  // Parents that live, but send nothing of what the publisher has published, are left after so long, and so much more
  // for each hop that they are away from the publisher.
  static constexpr Duration kStarved = std::chrono::milliseconds(1'000);
  static constexpr Duration kStarvedPerHop = std::chrono::milliseconds(200);
  // Such a one is the last choice for so long.
  static constexpr Duration kUseless = std::chrono::seconds(10);

  struct House {
    session::Endpoint& endpoint;
    Peers& peers;
    Reception& reception;
    Parents& parents;
    const Attachment& attachment;
    Leaving& leaving;
  };

  explicit Attending(const House& house) : house_(house) {}

  // There is one more to attend to.
  void on_parent(Instant now) { at_ = std::min(at_, now + kInterval); }

  void handle_deadline(Instant now);
  Instant next_deadline() const { return at_; }

 private:
  static constexpr Duration kInterval = std::chrono::milliseconds(50);
  static constexpr Duration kIntervalOne = std::chrono::milliseconds(100);  // while one parent gives all

  void leave_dead(Instant now);
  void leave_silent(Instant now);
  void tell_of_mute(Instant now);
  void leave_useless(Instant now);
  void attend_silence(Instant now);
  bool dead(session::SessionId session, StripeMask gives, Instant now) const;
  bool late(unsigned stripe, unsigned rounds, Instant now) const;
  bool overdue(unsigned stripe, unsigned rounds, Instant now) const;
  bool stripe_silent(unsigned stripe, Instant now) const;
  bool starving(Instant now) const;
  Duration silence(Instant now) const;
  bool publisher_has_more() const;

  House house_;
  Instant at_ = kNever;
  Instant doubts_from_{};
  Duration asks_after_ = kNothingComes;
};

}  // namespace spate::swarm
