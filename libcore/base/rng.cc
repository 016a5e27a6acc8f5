#include "libcore/base/rng.h"

#include "libcore/base/check.h"

namespace spate {

std::uint64_t Rng::u64() {
  ByteArray<8> raw;
  fill(raw);
  std::uint64_t value = 0;
  for (const std::uint8_t b : raw) value = value << 8 | b;
  return value;
}

std::uint32_t Rng::u32() { return static_cast<std::uint32_t>(u64() >> 32); }

std::uint64_t Rng::below(std::uint64_t n) {
  SPATE_CHECK(n > 0);
  const std::uint64_t reject_below = (0 - n) % n;  // the 2^64 mod n smallest values would bias the result
  std::uint64_t value = u64();
  while (value < reject_below) value = u64();
  return value % n;
}

double Rng::unit() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }

}  // namespace spate
