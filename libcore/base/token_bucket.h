// A token bucket: at most `burst` at once and `rate` a second in the long run. Integer arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/time.h"

namespace spate {

class TokenBucket {
 public:
  // Tokens a second (0 = unlimited) and at once. Starts full.
  TokenBucket(std::uint64_t rate, std::uint64_t burst)
      : burst_nano_(static_cast<Nano>(burst) * kNano), nano_(burst_nano_), rate_(rate) {}

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
    nano_ -= static_cast<Nano>(n) * kNano;
    return true;
  }
  // Takes n tokens whether they are there or not: what had to go out all the same.
  void charge(std::uint64_t n, Instant now) {
    if (unlimited()) return;
    refill(now);
    nano_ -= static_cast<Nano>(n) * kNano;
  }
  // When take() will succeed.
  Instant ready_at(Instant now) {
    if (unlimited()) return now;
    refill(now);
    if (nano_ > 0) return now;
    return now + Duration(static_cast<std::int64_t>(-nano_ / static_cast<Nano>(rate_)) + 1);
  }

 private:
  // __int128 keeps token x nanosecond products exact at any rate.
  __extension__ using Nano = __int128;
  static constexpr Nano kNano = 1'000'000'000;

  void refill(Instant now) {
    if (now <= last_) return;
    nano_ = std::min(burst_nano_, nano_ + static_cast<Nano>((now - last_).count()) * static_cast<Nano>(rate_));
    last_ = now;
  }

  Nano burst_nano_;
  Nano nano_;
  std::uint64_t rate_;
  Instant last_{};
};

}  // namespace spate
