#include "libcore/swarm/arrivals.h"

#include <algorithm>

namespace spate::swarm {
namespace {

Instant media_instant(std::uint64_t media_us) {
  return Instant(std::chrono::microseconds(static_cast<std::int64_t>(media_us)));
}

}  // namespace

void Arrivals::add(unsigned stripe, std::uint64_t media_us, Instant now) {
  Stripe& s = stripes_[stripe];
  const Duration age = now - media_instant(media_us);
  if (!s.known) {
    s = {true, age, std::chrono::milliseconds(5)};
    return;
  }
  // What comes very late was repaired on its way, or held up; that is not how late its stripe usually is. But what
  // comes early shows how early it can be.
  const Duration off = age - s.mean;
  if (off < -kOffMax) {
    s.mean = age + kOffMax;
    return;
  }
  const Duration counted = std::min<Duration>(off, kOffMax);
  s.deviation += (std::max(counted, -counted) - s.deviation) / 8;
  s.mean += counted / 8;
}

Instant Arrivals::mean(unsigned stripe, std::uint64_t media_us) const {
  return media_instant(media_us) + stripes_[stripe].mean;
}

Instant Arrivals::expected(unsigned stripe, std::uint64_t media_us) const {
  const Stripe& s = stripes_[stripe];
  return media_instant(media_us) + s.mean + 3 * s.deviation;
}

}  // namespace spate::swarm
