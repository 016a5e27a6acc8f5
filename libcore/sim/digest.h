// A running 64-bit fingerprint of everything that happened: equal digests, equal histories.
//
// Multiplications and shifts, not cryptography: it finds a run that went differently, not an attacker. The same on
// every compiler and byte order.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "libcore/base/bytes.h"

namespace spate::sim {

class Digest {
 public:
  void add(std::uint64_t value) { state_ = mix(state_ ^ value) + kStep; }
  std::uint64_t value() const { return mix(state_); }

  // splitmix64's output function: every bit of x reaches every bit of the result.
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  std::uint64_t state_ = kStep;
};

// A 64-bit hash of bytes: four lanes, so that a packet costs some 100 ns.
inline std::uint64_t hash_bytes(Bytes bytes) {
  constexpr std::uint64_t kOdd = 0x9fb21c651e98df25;
  std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
  const auto word_at = [&bytes](std::size_t at, std::size_t n) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, n);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  };
  std::size_t at = 0;
  for (; at + 32 <= bytes.size(); at += 32)
    for (std::size_t lane = 0; lane < 4; ++lane)
      lanes[lane] = std::rotl((lanes[lane] ^ word_at(at + 8 * lane, 8)) * kOdd, 29);
  for (std::size_t lane = 0; at < bytes.size(); at += 8, ++lane) {
    const std::size_t n = bytes.size() - at < 8 ? bytes.size() - at : 8;
    lanes[lane] = std::rotl((lanes[lane] ^ word_at(at, n)) * kOdd, 29);
  }
  std::uint64_t hash = bytes.size();
  for (const std::uint64_t lane : lanes) hash = Digest::mix(hash ^ lane) * kOdd;
  return Digest::mix(hash);
}

}  // namespace spate::sim
