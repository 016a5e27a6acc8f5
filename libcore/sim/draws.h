// The random draws of the network: a small generator for each purpose of each host, and our own distributions.
//
// All integer arithmetic: the same draws on every compiler and processor. The standard library's distributions
// differ between implementations, and so do floating-point logarithms.
#pragma once

#include <array>
#include <cstdint>

#include "libcore/base/rng.h"
#include "libcore/base/time.h"

namespace spate::sim {

inline constexpr std::uint32_t kMillion = 1'000'000;

// xoshiro256++ (Blackman and Vigna, 2019): 32 bytes of state where a key stream would need 500. Nothing here is secret.
class Draws {
 public:
  // Seeded from the generator of this purpose: Draws(*root.fork("host 3 uplink loss")).
  explicit Draws(Rng& seed);

  std::uint64_t u64();
  // Uniform in [0, n), n > 0; the bias is below n / 2^64.
  std::uint64_t below(std::uint64_t n);
  // Uniform in [low, high].
  Duration between(Duration low, Duration high);
  // True in `ppm` of a million cases.
  bool chance_ppm(std::uint32_t ppm) { return ppm > 0 && below(kMillion) < ppm; }
  // Exponential with that mean; at most 45 times the mean.
  Duration exponential(Duration mean);
  // Log-normal with that median and sigma in thousandths; the normal variate is a sum of twelve uniform ones, so it
  // ends at six sigma. At most some 290 years.
  // REQUIRES sigma_milli <= kSigmaMilliMax.
  static constexpr std::uint32_t kSigmaMilliMax = 3'000;
  Duration log_normal(Duration median, std::uint32_t sigma_milli);

 private:
  std::array<std::uint64_t, 4> state_;
};

// 2^x for x in units of 2^-32, in the same units; within 10^-8. REQUIRES |x| < 31 * 2^32.
std::uint64_t exp2_fixed(std::int64_t x);

// -log2(x / 2^64) in units of 2^-32, for x > 0; within 10^-5 of the true value.
std::uint64_t minus_log2(std::uint64_t x);

}  // namespace spate::sim
