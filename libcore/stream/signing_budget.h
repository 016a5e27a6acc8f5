// How many signatures a second a publisher makes: a token bucket, as the instant from which the next is afforded.
//
// In any interval of length t at most kBurst + t / kInterval signatures are made by those who ask affords() first.
// spend() is never refused, and overdrawing is forgotten: what must be signed is not paid for by what comes later.
#pragma once

#include <algorithm>

#include "libcore/base/time.h"

namespace spate::stream {

class SigningBudget {
 public:
  static constexpr Duration kInterval = std::chrono::nanoseconds(1'500'000);  // 667 a second
  static constexpr int kBurst = 8;

  bool affords(Instant now) const { return now >= next_; }
  Instant next() const { return next_; }
  void spend(Instant now) { next_ = std::min(std::max(next_, now - (kBurst - 1) * kInterval), now) + kInterval; }

 private:
  Instant next_ = Instant::min();
};

}  // namespace spate::stream
