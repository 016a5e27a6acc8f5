// A log-linear histogram of durations: quantiles within 2 % of the value, in constant memory.
//
// Buckets of microseconds: 64 linear steps in each power of two (as in HdrHistogram). Values are clamped to
// 0 .. 2^36 us (19 hours). There is memory for those powers of two of which a sample has come, and it stays.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libcore/base/time.h"

namespace spate {

// Count is what a bucket counts with. A sample of weight n is n samples.
template <typename Count>
class BasicHistogram {
 public:
  void add(Duration value, std::uint64_t weight = 1);
  void clear();
  std::uint64_t count() const { return count_; }
  Duration max() const { return max_; }
  // The value that a share q of the samples does not exceed; zero when empty.
  Duration quantile(double q) const;
  // How many samples are not above `value`, those of its bucket included.
  std::uint64_t count_up_to(Duration value) const;

  struct Point {
    Duration value{};
    std::uint64_t count = 0;  // samples that do not exceed it
  };
  // One point for each bucket that has samples, in order: the cumulative distribution.
  std::vector<Point> points() const;

 private:
  static constexpr int kLinearBits = 6;
  static constexpr int kPowers = 31;
  static constexpr std::size_t kLinear = std::size_t{1} << kLinearBits;
  static constexpr std::size_t kRows = kPowers + 1;  // of kLinear buckets
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t highest_in(std::size_t bucket);
  Count& at(std::size_t bucket);
  template <typename Visit>
  void for_each(Visit visit) const;

  std::array<std::uint8_t, kRows> place_{};  // of each row in buckets_, from 1 on; 0: it has no memory yet
  std::vector<Count> buckets_;               // kLinear for each row, in the order of their first samples
  std::uint64_t count_ = 0;
  Duration max_{};
};

using Histogram = BasicHistogram<std::uint32_t>;
using WideHistogram = BasicHistogram<std::uint64_t>;  // for sums over whole swarms

}  // namespace spate
