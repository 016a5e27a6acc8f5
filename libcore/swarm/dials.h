// Calls to candidates that have not been answered yet.
//
// Nobody is called who is a peer already, or twice at once; the link's hosts first. Beyond kPeersKept peers only the
// link's hosts are called, and whom Acquaintances finds near.
#pragma once

#include <map>
#include <optional>

#include "libcore/swarm/candidates.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

class Dials {
 public:
  static constexpr std::size_t kPeersKept = 40;

  struct House {
    session::Endpoint& endpoint;
    session::ServiceIndex service;
    Outbox& outbox;
    Peers& peers;
    Candidates& candidates;
  };

  // `tcp`: the link's hosts are called over TCP as well, if they do not answer over UDP.
  Dials(bool tcp, const House& house) : tcp_(tcp), house_(house) {}

  bool none() const { return dials_.empty(); }
  // One of them is young enough to be hoped for.
  bool hopeful(Instant now) const;

  // Calls those that may give one of the stripes, or know who does, until `most` are being called.
  void dial_for(StripeMask stripes, std::size_t most, Instant now);
  void dial(const Candidate& candidate, Instant now);
  // UDP seems dead, or alive again: while it does, TCP does not wait for it.
  void hurry_tcp(bool hurry) { hurry_tcp_ = hurry; }
  // It is no peer yet, is not being called, and might be of use.
  bool worth(const Candidate& candidate) const;
  // There is a session now. True if we called.
  bool on_established(session::SessionId session) { return dials_.erase(session) > 0; }
  void on_gone(session::SessionId session) { dials_.erase(session); }

 private:
  struct Dial {
    crypto::NodeKey key;
    Instant since;
  };
  std::optional<Duration> tcp_after(const Candidate& candidate) const;
  Duration give_up(const Candidate& candidate) const;

  const bool tcp_;
  House house_;
  bool hurry_tcp_ = false;
  std::map<session::SessionId, Dial> dials_;
};

}  // namespace spate::swarm
