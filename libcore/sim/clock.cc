#include "libcore/sim/clock.h"

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

constexpr std::int64_t kMillionth = 1'000'000;

}  // namespace

HostClock::HostClock(const ClockConfig& config)
    : local_since_(Instant{} + config.offset), drift_ppm_(config.drift_ppm) {
  SPATE_CHECK(drift_ppm_ > -kMillionth && drift_ppm_ < kMillionth);
}

// elapsed * (10^6 + drift) / 10^6, rounded down, without a product that could overflow.
Instant HostClock::local(Instant now) const {
  if (now == kNever) return kNever;
  const Duration elapsed = now - since_;
  if (drift_ppm_ == 0) return local_since_ + elapsed;
  SPATE_CHECK(elapsed >= Duration::zero());
  const std::int64_t whole = elapsed.count() / kMillionth;
  const std::int64_t part = elapsed.count() % kMillionth * drift_ppm_;
  const std::int64_t part_down = part / kMillionth - (part % kMillionth < 0 ? 1 : 0);
  return local_since_ + elapsed + Duration(whole * drift_ppm_ + part_down);
}

// elapsed * 10^6 / (10^6 + drift), rounded up.
Instant HostClock::first_showing(Instant local) const {
  if (local == kNever) return kNever;
  if (local <= local_since_) return since_;
  const std::int64_t shown = (local - local_since_).count();
  if (drift_ppm_ == 0) return since_ + Duration(shown);
  const std::int64_t pace = kMillionth + drift_ppm_;
  // A clock that hardly moves shows the far future beyond the end of time.
  if (shown / pace >= (kNever - since_).count() / kMillionth - 1) return kNever;
  return since_ + Duration(shown / pace * kMillionth + (shown % pace * kMillionth + pace - 1) / pace);
}

void HostClock::jump(Duration by, Instant now) {
  SPATE_CHECK(by >= Duration::zero());
  local_since_ = local(now) + by;
  since_ = now;
}

}  // namespace spate::sim
