// Whom we name to those that look for parents.
#pragma once

#include <optional>

#include "libcore/session/endpoint.h"
#include "libcore/swarm/children.h"
#include "libcore/swarm/peers.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

class Introductions {
 public:
  // `asks`: we ask peers for their status, as a member does. A publisher asks nobody, and knows its children only.
  Introductions(const session::Endpoint& endpoint, const Peers& peers, const Children& children, bool asks)
      : endpoint_(endpoint), peers_(peers), children_(children), asks_(asks) {}

  // Those of our peers who may serve the asker: with free slots first, then our children before others, then who claims
  // to pass on little before who claims to pass on much, then the nearest to the publisher, but none nearer than its
  // round trip lets it be; one for each stripe that the asker wants before there is a second for any. For claims cost
  // nothing: whoever claims room for everything, at once, is named for what nobody else gives. Where not all are named,
  // the last place is for whoever has from us, and gives, most of what those before it leave open: else a relay were
  // behind more hosts of one stripe each than are named.
  wire::Peers for_asker(const Peer& asker, StripeMask wanted) const;
  // By its own word it has no slots: it is named to nobody, nor told to meet anybody.
  bool serves_nobody(const Peer& peer) const;

 private:
  std::optional<wire::PeerRecord> record_of(const Peer& peer) const;

  const session::Endpoint& endpoint_;
  const Peers& peers_;
  const Children& children_;
  const bool asks_;
};

}  // namespace spate::swarm
