#include "libcore/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace spate {

std::size_t Histogram::bucket_of(std::uint64_t us) {
  constexpr std::uint64_t kLinear = 1u << kLinearBits;
  if (us < kLinear) return static_cast<std::size_t>(us);
  const int shift = std::min(static_cast<int>(std::bit_width(us)) - 1 - kLinearBits, kPowers - 1);
  const std::uint64_t step = std::min((us >> shift) - kLinear, kLinear - 1);
  return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) + 1) * kLinear + step);
}

std::uint64_t Histogram::highest_in(std::size_t bucket) {
  constexpr std::uint64_t kLinear = 1u << kLinearBits;
  if (bucket < kLinear) return bucket;
  const std::uint64_t shift = bucket / kLinear - 1;
  return ((kLinear + bucket % kLinear + 1) << shift) - 1;
}

void Histogram::add(Duration value) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(value)));
  ++buckets_[bucket_of(us)];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::clear() { *this = Histogram(); }

Duration Histogram::quantile(double q) const {
  if (count_ == 0) return Duration::zero();
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min<Duration>(std::chrono::microseconds(highest_in(i)), max_);
  }
  return max_;
}

}  // namespace spate
