#include "libcore/swarm/peers.h"

#include <algorithm>
#include <utility>

#include "libcore/base/address_scope.h"

namespace spate::swarm {

Peer& Peers::add(session::SessionId session, Instant now) {
  Peer& peer = peers_[session];
  peer.session = session;
  peer.met = now;
  peer.key = endpoint_.peer(session);
  peer.short_id = wire::short_id(peer.key);
  if (by_slot_.size() <= session.slot) by_slot_.resize(session.slot + 1);
  by_slot_[session.slot] = &peer;
  return peer;
}

Peer* Peers::find(session::SessionId session) {
  Peer* const peer = session.slot < by_slot_.size() ? by_slot_[session.slot] : nullptr;
  return peer != nullptr && peer->session == session ? peer : nullptr;
}

void Peers::remove(session::SessionId session) {
  if (find(session) != nullptr) by_slot_[session.slot] = nullptr;
  peers_.erase(session);
}

const Peer* Peers::find_key(const crypto::NodeKey& key) const {
  for (const auto& [session, peer] : peers_)
    if (peer.key == key) return &peer;
  return nullptr;
}

Peer* Peers::find_key(const crypto::NodeKey& key) { return const_cast<Peer*>(std::as_const(*this).find_key(key)); }

bool Peers::over_tcp_only() const {
  return !peers_.empty() &&
         std::all_of(peers_.begin(), peers_.end(), [&](const auto& entry) { return over_tcp(entry.first); });
}

// Few hosts have many pings on the way, and none has them always.
void Peers::make_room(std::uint32_t id, Instant now) {
  while (outstanding_.size() < kOutstandingMax && outstanding(id).id != 0 && now - outstanding(id).sent < kAnswerable) {
    const std::vector<Outstanding> old = std::exchange(outstanding_, std::vector<Outstanding>(2 * outstanding_.size()));
    for (const Outstanding& sent : old)
      if (sent.id != 0) outstanding(sent.id) = sent;
  }
}

void Peers::ping(Peer& peer, Instant now) {
  const std::uint32_t id = next_ping_++;
  make_room(id, now);
  if (heard(peer.session) >= peer.pinged_first) peer.pinged_first = now;
  peer.pinged_at = now;
  outstanding(id) = {id, now, peer.session};
  outbox_.send(peer.session, wire::Ping{id, 0});
}

void Peers::inquire(Peer& peer, StripeMask wanted, Instant now) {
  if (peer.parted) return;
  peer.inquired_at = now;
  outbox_.send(peer.session, wire::Inquiry{wanted});
  if (!peer.rtt.known() || now - peer.pinged_at >= kPingAgain) ping(peer, now);
}

void Peers::on_pong(Peer& peer, const wire::Pong& pong, Instant now) {
  Outstanding& sent = outstanding(pong.id);
  if (sent.id != pong.id || sent.peer != peer.session) return;  // an answer to nothing we asked
  sent.id = 0;
  peer.distance = std::min(peer.distance, now - sent.sent);
  const Duration held = std::chrono::microseconds(pong.held_us);
  const Duration rtt = now - sent.sent - held;
  if (rtt < Duration::zero()) return;
  peer.rtt.add(rtt, now);
  if (pong.media_us) peer.clock.add(*pong.media_us, rtt, now);
}

bool Peers::may_tell(session::SessionId from, const Address& address) {
  if (may_be_told(address, endpoint_.address(from))) return true;
  ++refused_addresses_;
  return false;
}

}  // namespace spate::swarm
