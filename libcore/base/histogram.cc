#include "libcore/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace spate {

template <typename Count>
std::size_t BasicHistogram<Count>::bucket_of(std::uint64_t us) {
  if (us < kLinear) return static_cast<std::size_t>(us);
  const int shift = std::min(static_cast<int>(std::bit_width(us)) - 1 - kLinearBits, kPowers - 1);
  const std::uint64_t step = std::min<std::uint64_t>((us >> shift) - kLinear, kLinear - 1);
  return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) + 1) * kLinear + step);
}

template <typename Count>
std::uint64_t BasicHistogram<Count>::highest_in(std::size_t bucket) {
  if (bucket < kLinear) return bucket;
  const std::uint64_t shift = bucket / kLinear - 1;
  return ((kLinear + bucket % kLinear + 1) << shift) - 1;
}

template <typename Count>
Count& BasicHistogram<Count>::at(std::size_t bucket) {
  std::uint8_t& place = place_[bucket / kLinear];
  if (place == 0) {
    buckets_.resize(buckets_.size() + kLinear);
    place = static_cast<std::uint8_t>(buckets_.size() / kLinear);
  }
  return buckets_[(place - std::size_t{1}) * kLinear + bucket % kLinear];
}

// Each bucket that has samples, in order, until visit(bucket, samples) is false.
template <typename Count>
template <typename Visit>
void BasicHistogram<Count>::for_each(Visit visit) const {
  for (std::size_t row = 0; row < kRows; ++row) {
    if (place_[row] == 0) continue;
    const Count* const counts = &buckets_[(place_[row] - std::size_t{1}) * kLinear];
    for (std::size_t i = 0; i < kLinear; ++i)
      if (counts[i] != 0 && !visit(row * kLinear + i, counts[i])) return;
  }
}

template <typename Count>
void BasicHistogram<Count>::add(Duration value, std::uint64_t weight) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(value)));
  at(bucket_of(us)) += static_cast<Count>(weight);
  count_ += weight;
  max_ = std::max(max_, value);
}

template <typename Count>
void BasicHistogram<Count>::clear() {
  std::fill(buckets_.begin(), buckets_.end(), Count{0});
  count_ = 0;
  max_ = Duration::zero();
}

template <typename Count>
Duration BasicHistogram<Count>::quantile(double q) const {
  if (count_ == 0) return Duration::zero();
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  Duration value = max_;
  for_each([&](std::size_t bucket, std::uint64_t samples) {
    seen += samples;
    if (seen < wanted) return true;
    value = std::min<Duration>(std::chrono::microseconds(highest_in(bucket)), max_);
    return false;
  });
  return value;
}

template <typename Count>
std::uint64_t BasicHistogram<Count>::count_up_to(Duration value) const {
  if (value < Duration::zero()) return 0;
  const std::size_t last = bucket_of(static_cast<std::uint64_t>(to_us(value)));
  std::uint64_t seen = 0;
  for_each([&](std::size_t bucket, std::uint64_t samples) {
    if (bucket > last) return false;
    seen += samples;
    return true;
  });
  return seen;
}

template <typename Count>
std::vector<typename BasicHistogram<Count>::Point> BasicHistogram<Count>::points() const {
  std::vector<Point> points;
  std::uint64_t seen = 0;
  for_each([&](std::size_t bucket, std::uint64_t samples) {
    seen += samples;
    points.push_back({std::min<Duration>(std::chrono::microseconds(highest_in(bucket)), max_), seen});
    return true;
  });
  return points;
}

template class BasicHistogram<std::uint32_t>;
template class BasicHistogram<std::uint64_t>;

}  // namespace spate
