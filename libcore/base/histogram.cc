#include "libcore/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace spate {

template <typename Count>
std::size_t BasicHistogram<Count>::bucket_of(std::uint64_t us) {
  constexpr std::uint64_t kLinear = 1u << kLinearBits;
  if (us < kLinear) return static_cast<std::size_t>(us);
  const int shift = std::min(static_cast<int>(std::bit_width(us)) - 1 - kLinearBits, kPowers - 1);
  const std::uint64_t step = std::min((us >> shift) - kLinear, kLinear - 1);
  return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) + 1) * kLinear + step);
}

template <typename Count>
std::uint64_t BasicHistogram<Count>::highest_in(std::size_t bucket) {
  constexpr std::uint64_t kLinear = 1u << kLinearBits;
  if (bucket < kLinear) return bucket;
  const std::uint64_t shift = bucket / kLinear - 1;
  return ((kLinear + bucket % kLinear + 1) << shift) - 1;
}

template <typename Count>
void BasicHistogram<Count>::add(Duration value, std::uint64_t weight) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(value)));
  buckets_[bucket_of(us)] += static_cast<Count>(weight);
  count_ += weight;
  max_ = std::max(max_, value);
}

template <typename Count>
void BasicHistogram<Count>::clear() {
  *this = BasicHistogram();
}

template <typename Count>
Duration BasicHistogram<Count>::quantile(double q) const {
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

template <typename Count>
std::uint64_t BasicHistogram<Count>::count_up_to(Duration value) const {
  if (value < Duration::zero()) return 0;
  const std::size_t last = bucket_of(static_cast<std::uint64_t>(to_us(value)));
  return std::accumulate(buckets_.begin(), buckets_.begin() + static_cast<std::ptrdiff_t>(last) + 1, std::uint64_t{0});
}

template <typename Count>
std::vector<typename BasicHistogram<Count>::Point> BasicHistogram<Count>::points() const {
  std::vector<Point> points;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] == 0) continue;
    seen += buckets_[i];
    points.push_back({std::min<Duration>(std::chrono::microseconds(highest_in(i)), max_), seen});
  }
  return points;
}

template class BasicHistogram<std::uint32_t>;
template class BasicHistogram<std::uint64_t>;

}  // namespace spate
