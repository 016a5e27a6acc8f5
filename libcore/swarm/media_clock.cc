#include "libcore/swarm/media_clock.h"

namespace spate::swarm {

Peer* MediaClock::followed() const {
  const auto usable = [&](session::SessionId session) -> Peer* {
    Peer* const peer = peers_.find(session);
    return peer != nullptr && peer->clock.known() ? peer : nullptr;
  };
  if (settled_ && parents_.from(*settled_) != 0)
    if (Peer* const peer = usable(*settled_)) return peer;
  Peer* nearest = nullptr;
  parents_.for_each([&](session::SessionId session, StripeMask) {
    Peer* const peer = usable(session);
    if (peer != nullptr && (nearest == nullptr || peer->rtt.smoothed() < nearest->rtt.smoothed())) nearest = peer;
  });
  return nearest;
}

std::optional<std::uint64_t> MediaClock::media_us(Instant now) const {
  if (const Peer* const peer = followed()) return peer->clock.media_us(now);
  if (last_.known()) return last_.media_us(now);
  return std::nullopt;
}

void MediaClock::begin() {
  last_ = {};
  settled_.reset();
  for (const auto& [session, peer] : peers_.all()) peer.clock = {};
}

void MediaClock::handle_deadline() {
  if (const Peer* const peer = followed()) settled_ = peer->session;
}

}  // namespace spate::swarm
