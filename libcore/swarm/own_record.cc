#include "libcore/swarm/own_record.h"

#include <algorithm>

#include "libcore/session/network_prefix.h"

namespace spate::swarm {

void OwnRecord::on_spoken(Peer& peer, Instant now) {
  if (house_.peers.over_tcp(peer.session)) return;  // nobody is named by an address of TCP
  const Address& there = house_.endpoint.address(peer.session);
  const bool moved = peer.told_address != there;
  const bool has_handed = peer.record && peer.record->address == there;
  if (moved || (!has_handed && now >= peer.tell_next)) {
    peer.told_address = there;
    peer.tell_wait = moved ? kTellMin : std::min(2 * peer.tell_wait, kTellMax);
    peer.tell_next = now + peer.tell_wait;
    house_.outbox.send(peer.session, wire::Seen{there});
  }
  hand(peer, now);
}

void OwnRecord::on_seen(Peer& peer, const Address& address, Instant now) {
  if (peer.handed_at) peer.hand_next = std::min(peer.hand_next, std::max(now, *peer.handed_at + kAsked));
  peer.sees_us_at = address;
  hand(peer, now);
}

void OwnRecord::hand(Peer& peer, Instant now) {
  if (!named_ || !peer.sees_us_at || now < peer.hand_next || peer.parted || house_.children.slots() == 0) return;
  const auto seconds = house_.own.stream_seconds(now);
  if (!seconds) return;  // it will be known in a moment
  peer.hand_next = now + kAgain;
  if (!believed(*peer.sees_us_at)) return;
  peer.handed_at = now;
  peer.hand_next = now + kEvery;
  house_.outbox.send(peer.session, record_for(*peer.sees_us_at, *seconds));
}

bool OwnRecord::believed(const Address& address) const {
  InlineVector<session::NetworkPrefix, kNetworks> networks;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (peer.sees_us_at != address) continue;
    const session::NetworkPrefix network = session::network_of(house_.endpoint.address(session));
    if (!networks.contains(network)) networks.push_back(network);
    if (peer.pinned || networks.full()) return true;
  }
  return false;
}

const wire::Record& OwnRecord::record_for(const Address& address, std::uint32_t seconds) {
  wire::Record* record =
      std::find_if(made_.begin(), made_.end(), [&](const wire::Record& r) { return r.address == address; });
  const auto fresh = static_cast<std::uint32_t>(kFresh / std::chrono::seconds(1));
  if (record != made_.end() && seconds - record->made < fresh) return *record;
  if (record == made_.end() && !made_.full()) {
    made_.push_back({});
    record = made_.end() - 1;
  } else if (record == made_.end()) {
    record = std::max_element(made_.begin(), made_.end(),
                              [&](const auto& a, const auto& b) { return seconds - a.made < seconds - b.made; });
  }
  *record = wire::sign_record(address, seconds, stream_, house_.self, house_.suite);
  return *record;
}

}  // namespace spate::swarm
