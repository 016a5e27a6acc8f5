// Datagrams of parents that have not come, by their numbers: a loss is proven by the next datagram of whatever kind,
// up to a stripe's period before the next shard of that stripe proves it.
//
// Each is told of once, when reordering does not explain it any more: so none is kept for longer than that. A number
// that comes late takes its loss back. Of more than kMax the oldest are forgotten, of the same neighbour if it has any:
// the stripe's next shard shows them. Nor is a jump of more than kJumpMax taken: that is an outage, or made up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libcore/base/time.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

class Skips {
 public:
  static constexpr std::size_t kMax = 16;
  static constexpr std::uint64_t kJumpMax = 64;

  // Of the datagrams [first, end) of that neighbour so many have not come.
  struct Skip {
    std::uint64_t neighbour = 0;
    StripeMask stripes = 0;  // that it gave us then, and still does
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    std::uint64_t missing = 0;
    Instant since{};
  };

  // The neighbour's datagram of that number is here; the highest before it was `expected` - 1.
  void on_datagram(std::uint64_t neighbour, StripeMask stripes, std::uint64_t expected, std::uint64_t number,
                   Instant now);
  // These come from somebody else now, or from nobody.
  void forget(StripeMask stripes);
  void clear() { size_ = 0; }

  // The next that has been missing for so long.
  std::optional<Skip> take_due(Instant now, Duration guard);
  Instant next_deadline(Duration guard) const { return size_ == 0 ? kNever : skips_[0].since + guard; }

 private:
  std::size_t oldest_of(std::uint64_t neighbour) const;  // or of all, if it has none
  void remove(std::size_t at);

  std::array<Skip, kMax> skips_;  // the oldest first
  std::size_t size_ = 0;
};

}  // namespace spate::swarm
