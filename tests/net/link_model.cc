#include "tests/net/link_model.h"

#include <algorithm>
#include <cmath>

namespace spate::netem {

Random::Random(std::uint64_t seed) {
  std::uint64_t x = seed + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  state_ = (x ^ (x >> 31)) | 1;  // zero would stay zero
}

double Random::unit() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return static_cast<double>((state_ * 0x2545f4914f6cdd1d) >> 11) * 0x1.0p-53;
}

Path::Path(const PathConfig& config, std::uint64_t seed) : config_(config), random_(seed) {
  to_good_ = std::min(1 - config.loss, 1 / std::max(1.0, config.burst));
  to_bad_ = config.loss * to_good_ / (1 - config.loss);
}

Path::Fate Path::next() {
  // Both are drawn for every packet, so that changing the jitter leaves the losses where they were.
  const double turn = random_.unit();
  const double skew = -std::log1p(-random_.unit());
  bad_ = bad_ ? turn >= to_good_ : turn < to_bad_;
  return {bad_, config_.delay_ns + static_cast<std::int64_t>(skew * static_cast<double>(config_.jitter_ns))};
}

std::int64_t Uplink::time_for(std::uint64_t bytes) const {
  return static_cast<std::int64_t>(static_cast<double>(bytes) * 8e9 / static_cast<double>(rate_bps_));
}

std::optional<std::int64_t> Uplink::send(std::size_t bytes, std::int64_t now) {
  if (rate_bps_ == 0) return now;
  const std::int64_t start = std::max(now, free_at_);
  if (start - now > time_for(queue_bytes_)) return std::nullopt;
  free_at_ = start + time_for(bytes);
  return free_at_;
}

}  // namespace spate::netem
