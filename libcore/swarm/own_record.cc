#include "libcore/swarm/own_record.h"

#include <algorithm>

#include "libcore/base/address_scope.h"
#include "libcore/session/network_prefix.h"
#include "libcore/swarm/record_check.h"

namespace spate::swarm {
namespace {

// Of each kind we may have one.
bool same_kind(const Address& a, const Address& b) { return a.is_v4() == b.is_v4() && scope_of(a) == scope_of(b); }

}  // namespace

void OwnRecord::on_spoken(Peer& peer, Instant now) {
  if (house_.peers.over_tcp(peer.session)) return;  // nobody is named by an address of TCP
  const Address& there = house_.endpoint.address(peer.session);
  const bool moved = peer.told_address != there;
  // What is too old soon, or ahead since the publisher's clock has gone back, was not renewed as it should have been.
  const bool has_handed = peer.record && peer.record->address == there &&
                          RecordCheck::life(*peer.record, house_.own.stream_seconds(now)) > kEvery;
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
  bool host_speaks = false;
  for (const auto& [session, peer] : house_.peers.all()) {
    if (!peer.sees_us_at || !house_.endpoint.established(session)) continue;
    if (peer.pinned && same_kind(*peer.sees_us_at, address)) {
      if (peer.sees_us_at->ip == address.ip) return true;  // a NAT box may have another port for each destination
      host_speaks = true;
    }
    if (*peer.sees_us_at != address || networks.full()) continue;
    const session::NetworkPrefix network = session::network_of(house_.endpoint.address(session));
    if (!networks.contains(network)) networks.push_back(network);
  }
  return !host_speaks && networks.full();
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
