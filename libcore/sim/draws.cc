#include "libcore/sim/draws.h"

#include <algorithm>
#include <bit>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t multiply_shift(std::uint64_t a, std::uint64_t b, int shift) {
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> shift);
}

// log2(1 + i/256) in units of 2^-32, digit by digit: squaring a number doubles its logarithm.
constexpr std::array<std::uint64_t, 257> make_log2_table() {
  std::array<std::uint64_t, 257> table{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t x = (256 + i) << 23;  // [1, 2) in units of 2^-31
    std::uint64_t bits = 0;
    for (int digit = 0; digit < 32; ++digit) {
      x *= x;
      const bool two_or_more = x >> 63 != 0;
      bits = bits << 1 | (two_or_more ? 1 : 0);
      x >>= two_or_more ? 32 : 31;
    }
    table[i] = bits;
  }
  table[256] = std::uint64_t{1} << 32;
  return table;
}

constexpr std::uint64_t square_root(Wide n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 63; bit > 0; bit >>= 1)
    if (static_cast<Wide>(root | bit) * (root | bit) <= n) root |= bit;
  return root;
}

// 2^(1/2), 2^(1/4), ... in units of 2^-62: a fraction's power of two is the product over its bits.
constexpr std::array<std::uint64_t, 32> make_roots_of_two() {
  std::array<std::uint64_t, 32> roots{};
  std::uint64_t root = std::uint64_t{1} << 63;
  for (std::uint64_t& r : roots) r = root = square_root(static_cast<Wide>(root) << 62);
  return roots;
}

constexpr auto kRootsOfTwo = make_roots_of_two();

constexpr auto kLog2 = make_log2_table();
constexpr std::uint64_t kLn2 = 2'977'044'472;  // in units of 2^-32

}  // namespace

std::uint64_t minus_log2(std::uint64_t x) {
  SPATE_CHECK(x > 0);
  const int zeros = std::countl_zero(x);
  const std::uint64_t mantissa = x << zeros;  // the leading bit is set
  const auto i = static_cast<std::size_t>(mantissa >> 55 & 255);
  const std::uint64_t rest = mantissa >> 23 & UINT32_MAX;
  const std::uint64_t fraction = kLog2[i] + ((kLog2[i + 1] - kLog2[i]) * rest >> 32);
  return (static_cast<std::uint64_t>(zeros + 1) << 32) - fraction;
}

std::uint64_t exp2_fixed(std::int64_t x) {
  constexpr std::int64_t kOne = std::int64_t{1} << 32;
  SPATE_CHECK(x > -31 * kOne && x < 31 * kOne);
  const std::int64_t whole = x >> 32;
  const auto fraction = static_cast<std::uint64_t>(x & (kOne - 1));
  std::uint64_t power = std::uint64_t{1} << 62;
  for (std::size_t bit = 0; bit < 32; ++bit)
    if ((fraction >> (31 - bit) & 1) != 0) power = multiply_shift(power, kRootsOfTwo[bit], 62);
  return whole >= 0 ? power >> 30 << whole : power >> (30 - whole);
}

Draws::Draws(Rng& seed) : state_{seed.u64(), seed.u64(), seed.u64(), seed.u64() | 1} {}

std::uint64_t Draws::u64() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

std::uint64_t Draws::below(std::uint64_t n) {
  SPATE_CHECK(n > 0);
  return multiply_shift(u64(), n, 64);
}

Duration Draws::between(Duration low, Duration high) {
  SPATE_CHECK(low <= high);
  return low + Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).count()) + 1)));
}

Duration Draws::exponential(Duration mean) {
  SPATE_CHECK(mean >= Duration::zero());
  const std::uint64_t x = u64();
  const std::uint64_t nats = multiply_shift(minus_log2(x == 0 ? 1 : x), kLn2, 32);
  return Duration(static_cast<std::int64_t>(multiply_shift(static_cast<std::uint64_t>(mean.count()), nats, 32)));
}

Duration Draws::log_normal(Duration median, std::uint32_t sigma_milli) {
  SPATE_CHECK(median >= Duration::zero() && sigma_milli <= kSigmaMilliMax);
  constexpr std::int64_t kOne = std::int64_t{1} << 32;
  std::int64_t normal = -6 * kOne;
  for (int i = 0; i < 12; ++i) normal += static_cast<std::int64_t>(u64() >> 32);
  // e^(sigma z) = 2^(sigma z / ln 2)
  constexpr std::int64_t kLog2E = 1'477;  // in units of 2^-10
  const std::int64_t exponent = normal / 1'000 * static_cast<std::int64_t>(sigma_milli) / 1'024 * kLog2E;
  const Wide scaled = static_cast<Wide>(median.count()) * exp2_fixed(exponent) >> 32;
  return Duration(static_cast<std::int64_t>(std::min<Wide>(scaled, INT64_MAX)));
}

}  // namespace spate::sim
