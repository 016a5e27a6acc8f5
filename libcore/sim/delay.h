// How long a packet takes between two hosts' access links, one way.
#pragma once

#include <cstdint>
#include <memory>
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

  // Where hosts can be told apart by a few sites, numbered from 0: how many there are, which one a host is at, and what
  // a packet takes at least between two hosts at these (of one site, too). Zero sites: there is nothing to be gained.
  virtual std::uint32_t sites() const { return 0; }
  virtual std::uint32_t site(HostId host) { return host; }
  virtual Duration least_between(std::uint32_t from_site, std::uint32_t to_site);
};

// Hosts scattered evenly over a square: the delay is `minimum` between neighbours and grows with the distance, up to
// `maximum` from corner to corner. Symmetric. A host's place depends on the seed and its number only.
class PlaneDelay final : public DelayModel {
 public:
  PlaneDelay(const Rng& rng, Duration minimum, Duration maximum);

  Duration one_way(HostId from, HostId to) override;
  // The fields of a chessboard.
  std::uint32_t sites() const override;
  std::uint32_t site(HostId host) override;
  Duration least_between(std::uint32_t from_site, std::uint32_t to_site) override;

 private:
  struct Place {
    std::uint32_t x;
    std::uint32_t y;
  };
  Place place(HostId host);
  Duration over(std::uint32_t dx, std::uint32_t dy) const;

  std::unique_ptr<Rng> rng_;
  Duration minimum_;
  Duration maximum_;
  std::vector<Place> places_;  // by host, as far as anybody asked
};

}  // namespace spate::sim
