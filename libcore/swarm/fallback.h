// From UDP to TCP in the midst of a stream: when nobody is heard any more, the link's hosts are asked for a sign of
// life, and without one they are called anew, over TCP as well as UDP, at once.
//
// Whoever answers over TCP while the others are silent has shown that UDP is dead and not our line: then those are
// left, and what they gave is sought. UDP may only have stalled: the hosts are called over it again kUdpAgain later,
// and twice that, and so on to kUdpAgainMax, until by the next time nobody is on TCP any more.
#pragma once

#include "libcore/swarm/candidates.h"
#include "libcore/swarm/dials.h"
#include "libcore/swarm/leaving.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class Fallback {
 public:
  // Nobody has been heard for so long: the link's hosts are pinged.
  static constexpr Duration kSilence = std::chrono::milliseconds(300);
  // They have so long to answer beyond a round trip, or half of one if that is longer.
  static constexpr Duration kAnswer = std::chrono::milliseconds(150);

  // A round trip that has not been measured yet may be as long: over a satellite.
  static constexpr Duration kFarthest = std::chrono::milliseconds(800);
  static constexpr Duration kUdpAgain = std::chrono::seconds(2);
  static constexpr Duration kUdpAgainMax = std::chrono::minutes(2);

  struct House {
    session::Endpoint& endpoint;
    Peers& peers;
    const Candidates& candidates;
    Leaving& leaving;
    Dials& dials;
  };

  // Does nothing if we may not `tcp`.
  Fallback(bool tcp, const House& house) : tcp_(tcp), house_(house) {}

  void on_established(const Peer& peer, Instant now);
  void handle_deadline(Instant now);
  Instant next_deadline() const { return at_; }

 private:
  static constexpr Duration kInterval = std::chrono::milliseconds(50);

  Instant last_heard() const;
  void ask(Instant now);
  void call(Instant now);
  void try_udp(Instant now);

  const bool tcp_;
  House house_;
  Instant at_ = kNever;
  Instant answer_until_ = kNever;  // they have been asked
  bool deaf_ = false;              // and have not answered
  Instant udp_at_ = kNever;        // when UDP is tried again
  Duration udp_wait_ = kUdpAgain;
};

}  // namespace spate::swarm
