// A log-linear histogram of durations: quantiles within 2 % of the value, in constant memory.
//
// Buckets of microseconds: 64 linear steps in each power of two (as in HdrHistogram). Values are clamped to
// 0 .. 2^36 us (19 hours).
#pragma once

#include <array>
#include <cstdint>

#include "libcore/base/time.h"

namespace spate {

class Histogram {
 public:
  void add(Duration value);
  void clear();
  std::uint64_t count() const { return count_; }
  Duration max() const { return max_; }
  // The value that a share q of the samples does not exceed; zero when empty.
  Duration quantile(double q) const;

 private:
  static constexpr int kLinearBits = 6;
  static constexpr int kPowers = 31;
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t highest_in(std::size_t bucket);

  std::array<std::uint32_t, (kPowers + 1) << kLinearBits> buckets_{};
  std::uint64_t count_ = 0;
  Duration max_{};
};

}  // namespace spate
