// The publisher's clock, as a member knows it.
//
// One peer's word is followed as long as it is a parent: two estimates differ by more than a clock does in a while.
// Without parents the last word holds.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/swarm/parents.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class MediaClock {
 public:
  MediaClock(const Parents& parents, Peers& peers) : parents_(parents), peers_(peers) {}

  std::optional<std::uint64_t> media_us(Instant now) const;

  // A run begins: media time begins anew, and what was known of it means nothing now.
  void begin();
  // This one was followed, or might have been, and will not be any more.
  void on_parted(const Peer& peer) {
    if (peer.clock.known()) last_ = peer.clock;
  }
  // Settles on the parent to follow.
  void handle_deadline();

 private:
  Peer* followed() const;

  const Parents& parents_;
  Peers& peers_;
  session::ClockSync last_;
  std::optional<session::SessionId> settled_;
};

}  // namespace spate::swarm
