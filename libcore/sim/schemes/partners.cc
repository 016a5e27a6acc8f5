#include "libcore/sim/schemes/partners.h"

#include <algorithm>
#include <utility>

namespace spate::sim {
namespace {

constexpr std::uint64_t kMapMax = SchemeHost::kBodyBytesMax * 8;

}  // namespace

PartneredHost::Partner* PartneredHost::partner(HostId host) {
  const auto it = std::find_if(partners_.begin(), partners_.end(), [&](const Partner& p) { return p.host == host; });
  return it == partners_.end() ? nullptr : &*it;
}

void PartneredHost::add(HostId host, const Address& address, bool accepted, Instant now) {
  partners_.push_back({host, address, now, accepted, false, NumberSet(stage().window()), 4, 0, 0, {}});
}

void PartneredHost::look_for_partners(Instant now) {
  std::erase_if(partners_, [&](const Partner& p) { return now - p.heard >= kSilence; });
  const std::span<const HostId> present = stage().present();
  for (std::size_t tries = 2 * kWanted; tries > 0 && partners_.size() < kWanted; --tries) {
    const HostId host = present[static_cast<std::size_t>(draws().below(present.size()))];
    if (host == self() || partner(host) != nullptr || !stage().reachable(host)) continue;
    add(host, Network::address_of(host), false, now);
    send(Kind::kHello, Network::address_of(host));
  }
}

void PartneredHost::tell_partners() {
  const bool map_is_known = publishes() || player().begun();
  const std::uint64_t end = map().end();  // the newest, if not all fits into one datagram
  const std::uint64_t from = map_is_known ? std::max({map().begin(), map_begin(), end - std::min(end, kMapMax)}) : 0;
  for (const Partner& partner : partners_) {
    if (!partner.accepted) continue;
    if (map_is_known)
      send(Kind::kMap, partner.address, from, map().bits(from, kBodyBytesMax));
    else
      send(Kind::kAlive, partner.address);
  }
}

void PartneredHost::on_tick(Instant now) {
  if (!publishes()) look_for_partners(now);
  if (busy(now) < tick()) tell_partners();
  on_tick_with_partners(now);
}

void PartneredHost::on_message(const Message& message, Instant now) {
  Partner* known = partner(message.from);
  if (message.kind == Kind::kHello && known == nullptr) {
    const std::size_t most = publishes() ? std::clamp<std::size_t>(stage().streams(self()), 1, kMax) : kMax;
    if (partners_.size() >= most) return send(Kind::kBye, message.address);
    add(message.from, message.address, true, now);
    known = &partners_.back();
  }
  if (known == nullptr) return;
  if (message.kind == Kind::kBye)
    return static_cast<void>(partners_.erase(partners_.begin() + (known - partners_.data())));
  known->heard = now;
  if (message.kind == Kind::kHello) send(Kind::kAccept, message.address);
  if (!std::exchange(known->accepted, true)) known->address = message.address;  // what said so first may be lost
  if (!publishes()) stage().recorder().on_accepted(self(), now);
  if (message.kind != Kind::kMap) return on_partner_message(message, *known, now);
  known->told = true;
  known->has.assign(message.number, message.body);
  if (!publishes() && !player().begun()) begin_at(shard_of(known->has.end()));
  on_map(*known, now);
}

void PartneredHost::on_leave(Instant /*now*/) {
  for (const Partner& partner : partners_) send(Kind::kBye, partner.address);
}

}  // namespace spate::sim
