// How many cookie replies an upload limit has room for. Of more than that it is by lot who gets one: who asks at the
// right moment, or in front of others, has no better chance than they.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/rng.h"
#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"

namespace spate::session {

class CookieBudget {
 public:
  static constexpr std::uint64_t kBurstBytes = 8 * 1024;

  // Bytes a second; 0, and at first: no limit.
  void set_rate(std::uint64_t rate, Instant now) { bucket_.set_rate(rate, now); }

  // May one of that many bytes be sent to whoever asks now?
  bool take(std::uint64_t bytes, Rng& rng, Instant now) {
    if (bucket_.unlimited()) return true;
    if (now - since_ >= kWindow) {
      asked_before_ = now - since_ < 2 * kWindow ? asked_ : 0;
      asked_ = 0;
      since_ = now;
    }
    asked_ += bytes;
    const std::uint64_t a_second = std::max(asked_before_, asked_);
    // An eighth less, so that the bucket, which the last of a burst find empty, is not what decides.
    const std::uint64_t drawn = bucket_.rate() - bucket_.rate() / 8;
    return (a_second <= drawn || rng.below(a_second) < drawn) && bucket_.take(bytes, now);
  }

 private:
  static constexpr Duration kWindow = std::chrono::seconds(1);

  TokenBucket bucket_{0, kBurstBytes};
  Instant since_{};
  std::uint64_t asked_ = 0;  // bytes, since then
  std::uint64_t asked_before_ = 0;
};

}  // namespace spate::session
