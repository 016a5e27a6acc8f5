// What a member lacks: the stripes it wants parents for, since when, and when it looks for them next.
#pragma once

#include <algorithm>
#include <vector>

#include "libcore/swarm/parents.h"
#include "libcore/swarm/stripes.h"

namespace spate::swarm {

class Wants {
 public:
  // A stripe that has been sought so long will not be found at once.
  static constexpr Duration kInVain = std::chrono::seconds(1);

  Wants(const Parents& parents, Instant now) : parents_(parents), seek_at_(now) {}

  // A run begins: everything is lacking.
  void begin_run(const Striping& striping, Instant now) {
    since_.assign(striping.all(), now);
    striped_ = true;
    seek_soon(now);
  }

  // We know how the run is striped.
  bool striped() const { return striped_; }
  // Stripes that nobody gives for long, and that nobody has been asked for. All until we know how many there are.
  StripeMask stripes() const {
    return !striped_ ? wire::kAllStripes
                     : parents_.all() & ~parents_.asked() & ~(parents_.served() & ~parents_.ending());
  }
  Instant since(unsigned stripe) const { return since_[stripe]; }
  // One of them has been lacking for more than kInVain.
  bool in_vain(StripeMask stripes, Instant now) const {
    Instant since = kNever;
    if (striped_) for_each_stripe(stripes, [&](unsigned s) { since = std::min(since, since_[s]); });
    return now - since > kInVain;
  }

  // They are lacking from now on.
  void on_lost(StripeMask stripes, Instant now) {
    for_each_stripe(stripes, [&](unsigned s) { since_[s] = now; });
    seek_soon(now);
  }

  Instant seek_at() const { return seek_at_; }
  void seek_at(Instant at) { seek_at_ = at; }
  void seek_soon(Instant at) { seek_at_ = std::min(seek_at_, at); }

 private:
  const Parents& parents_;
  bool striped_ = false;
  std::vector<Instant> since_{kNever};  // by stripe
  Instant seek_at_;
};

}  // namespace spate::swarm
