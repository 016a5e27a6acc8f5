// A token bucket: at most `burst` at once and `rate` a second in the long run. Integer arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/time.h"

namespace spate {

class TokenBucket {
 public:
  // No more at once, nor more debt: what is beyond that is forgotten.
  static constexpr std::uint64_t kMost = 9'000'000'000;

  // Tokens a second (0 = unlimited) and at once. Starts full.
  TokenBucket(std::uint64_t rate, std::uint64_t burst)
      : burst_nano_(static_cast<std::int64_t>(std::min(burst, kMost)) * kNano), nano_(burst_nano_), rate_(rate) {}

  bool unlimited() const { return rate_ == 0; }
  std::uint64_t rate() const { return rate_; }
  void set_rate(std::uint64_t rate, Instant now) {
    refill(now);
    rate_ = rate;
  }
  // Takes n tokens if at least one is there; the bucket may go into debt by the rest, which delays what follows.
  bool take(std::uint64_t n, Instant now) {
    if (unlimited()) return true;
    refill(now);
    if (nano_ <= 0) return false;
    spend(n);
    return true;
  }
  // Takes n tokens whether they are there or not: what had to go out all the same.
  void charge(std::uint64_t n, Instant now) {
    if (unlimited()) return;
    refill(now);
    spend(n);
  }
  // When take() will succeed.
  Instant ready_at(Instant now) {
    if (unlimited()) return now;
    refill(now);
    if (nano_ > 0) return now;
    return now + Duration(-nano_ / static_cast<std::int64_t>(std::min(rate_, kRateMax)) + 1);
  }

 private:
  static constexpr std::int64_t kNano = 1'000'000'000;
  static constexpr std::uint64_t kRateMax = INT64_MAX;
  // There are many buckets: what is kept is small, and what is computed is exact at any rate.
  __extension__ using Wide = __int128;

  void spend(std::uint64_t n) {
    const Wide left = Wide{nano_} - static_cast<Wide>(n) * kNano;
    nano_ = static_cast<std::int64_t>(std::max(left, -static_cast<Wide>(kMost) * kNano));
  }
  void refill(Instant now) {
    if (now <= last_) return;
    const Wide filled = nano_ + static_cast<Wide>((now - last_).count()) * static_cast<Wide>(rate_);
    nano_ = static_cast<std::int64_t>(std::min(filled, Wide{burst_nano_}));
    last_ = now;
  }

  std::int64_t burst_nano_;
  std::int64_t nano_;
  std::uint64_t rate_;
  Instant last_{};
};

}  // namespace spate
