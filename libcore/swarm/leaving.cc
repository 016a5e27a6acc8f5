#include "libcore/swarm/leaving.h"

namespace spate::swarm {

void Leaving::on_lost(StripeMask stripes, Instant now) {
  if (stripes == 0) return;
  house_.reception.on_no_parent(stripes, now);
  house_.attachment.on_lost(now);
  house_.wants.on_lost(stripes, now);
}

void Leaving::leave(session::SessionId session, StripeMask stripes, Instant now) {
  const StripeMask before = house_.parents.served();
  house_.parents.drop(session, stripes, now);
  Peer* const peer = house_.peers.find(session);
  if (peer != nullptr && house_.parents.from(session) == 0) {
    house_.clock.on_parted(*peer);
    peer->sends_until = now + kSendsAfter;
  }
  on_lost(before & ~house_.parents.served(), now);
}

void Leaving::close(session::SessionId session, Instant now) {
  const Peer* const peer = house_.peers.find(session);
  if (peer == nullptr) return;
  if (house_.parents.from(session) != 0) house_.clock.on_parted(*peer);
  const crypto::NodeKey key = peer->key;
  const StripeMask gave = house_.parents.forget(session);
  house_.children.remove(session);
  house_.peers.remove(session);
  house_.endpoint.close(session);
  house_.candidates.on_failure(key, now);
  on_lost(gave, now);
}

}  // namespace spate::swarm
