// When each stripe's shards usually come: mean and deviation of their age at arrival, as RFC 6298 smooths round trips.
//
// Ages are between two clocks that tick alike but show different times (ours and the publisher's), so only their
// differences mean anything: between stripes, and from one shard to the next.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/time.h"

namespace spate::swarm {

class Arrivals {
 public:
  explicit Arrivals(unsigned stripes) : stripes_(stripes) {}

  static constexpr Duration kOffMax = std::chrono::milliseconds(20);  // one shard counts for no more

  // Forgets all; so many stripes.
  void restart(unsigned stripes) { stripes_.assign(stripes, {}); }
  // That stripe comes another way now.
  void forget(unsigned stripe) { stripes_[stripe] = {}; }

  // A shard that the publisher read at media_us came in its turn.
  void add(unsigned stripe, std::uint64_t media_us, Instant now);
  bool known(unsigned stripe) const { return stripes_[stripe].known; }
  // When nearly all shards of that age have come (mean + 3 deviations). REQUIRES known().
  Instant expected(unsigned stripe, std::uint64_t media_us) const;
  // When half of them have. REQUIRES known().
  Instant mean(unsigned stripe, std::uint64_t media_us) const;
  // The mean age. REQUIRES known().
  Duration age(unsigned stripe) const { return stripes_[stripe].mean; }

 private:
  struct Stripe {
    bool known = false;
    Duration mean{};
    Duration deviation{};
  };
  std::vector<Stripe> stripes_;
};

}  // namespace spate::swarm
