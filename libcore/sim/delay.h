// How long a packet takes between two hosts' access links, one way.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/rng.h"
#include "libcore/base/time.h"
#include "libcore/sim/event_queue.h"

namespace spate::sim {

class DelayModel {
 public:
  virtual ~DelayModel() = default;
  // Never negative, and always the same for the same pair.
  virtual Duration one_way(HostId from, HostId to) = 0;
};

// Hosts scattered evenly over a square: the delay is `minimum` between neighbours and grows with the distance, up to
// `maximum` from corner to corner. Symmetric. A host's place depends on the seed and its number only.
class PlaneDelay final : public DelayModel {
 public:
  PlaneDelay(const Rng& rng, Duration minimum, Duration maximum);

  Duration one_way(HostId from, HostId to) override;

 private:
  struct Place {
    std::uint32_t x;
    std::uint32_t y;
  };
  Place place(HostId host);

  std::unique_ptr<Rng> rng_;
  Duration minimum_;
  Duration maximum_;
  std::vector<Place> places_;  // by host, as far as anybody asked
};

}  // namespace spate::sim
