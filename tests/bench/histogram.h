// Counts of non-negative values in buckets of at most 1/64 relative width, so that percentiles of a run of any
// length take a fixed 30 kB. A percentile is its bucket's upper edge: too high by at most 1.6 %, never too low.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace spate::bench {

class Histogram {
 public:
  void add(std::int64_t value) {
    const std::uint64_t v = value < 0 ? 0 : static_cast<std::uint64_t>(value);
    ++buckets_[bucket_of(v)];
    ++count_;
    max_ = std::max(max_, v);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  // The smallest bucket edge that at least `share` of the values do not exceed; 0 when there are none.
  std::uint64_t percentile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    double seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += static_cast<double>(buckets_[i]);
      if (buckets_[i] > 0 && seen >= wanted) return std::min(upper_edge(i), max_);
    }
    return max_;
  }

 private:
  // Values below 64 have a bucket each; above, every power of two is cut into 64.
  static std::size_t bucket_of(std::uint64_t v) {
    if (v < 64) return v;
    const auto shift = static_cast<unsigned>(std::bit_width(v)) - 7;
    return 64 * (shift + 1) + ((v >> shift) - 64);
  }
  static std::uint64_t upper_edge(std::size_t bucket) {
    if (bucket < 64) return bucket;
    const std::size_t shift = bucket / 64 - 1;
    return ((bucket % 64 + 65) << shift) - 1;
  }

  std::array<std::uint64_t, std::size_t{64} * 59> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace spate::bench
