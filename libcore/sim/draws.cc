#include "libcore/sim/draws.h"

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

}  // namespace spate::sim
