// The packet bench-feed writes and bench-sink checks: MPEG-TS outside; inside, what tells where it belongs, when
// it set out, and that no byte of it changed.
//
//   0         0x47
//   1..2      PID 0x0100
//   3         0x10 | sequence mod 16
//   4..11     sequence, from 0
//   12..19    CLOCK_MONOTONIC nanoseconds
//   20..27    a mix of the two, so that damage to either shows
//   28..187   filler that depends on the sequence
//
// Integers are in the machine's byte order: both ends run on one machine, or there would be no common clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace spate::bench {

inline constexpr std::size_t kTsBytes = 188;

struct Stamp {
  std::uint64_t sequence;
  std::int64_t sent_ns;
};

class TsCodec {
 public:
  TsCodec() : filler_(kFillerBytes) {
    for (std::size_t i = 0; i < kFillerBytes; i += 8) {
      const std::uint64_t word = mix(i);
      std::memcpy(&filler_[i], &word, 8);
    }
  }

  // Writes kTsBytes at `out`.
  void encode(Stamp stamp, std::uint8_t* out) const {
    out[0] = 0x47;
    out[1] = 0x01;
    out[2] = 0x00;
    out[3] = continuity(stamp.sequence);
    const std::uint64_t check = check_word(stamp);
    std::memcpy(out + 4, &stamp.sequence, 8);
    std::memcpy(out + 12, &stamp.sent_ns, 8);
    std::memcpy(out + 20, &check, 8);
    std::memcpy(out + kHeaderBytes, filler_for(stamp.sequence), kTsBytes - kHeaderBytes);
  }

  // The stamp of an undamaged packet at `in`, which has kTsBytes.
  std::optional<Stamp> decode(const std::uint8_t* in) const {
    if (in[0] != 0x47) return std::nullopt;
    Stamp stamp{};
    std::uint64_t check = 0;
    std::memcpy(&stamp.sequence, in + 4, 8);
    std::memcpy(&stamp.sent_ns, in + 12, 8);
    std::memcpy(&check, in + 20, 8);
    if (in[1] != 0x01 || in[2] != 0x00 || in[3] != continuity(stamp.sequence)) return std::nullopt;
    if (check != check_word(stamp)) return std::nullopt;
    if (std::memcmp(in + kHeaderBytes, filler_for(stamp.sequence), kTsBytes - kHeaderBytes) != 0) return std::nullopt;
    return stamp;
  }

 private:
  static constexpr std::size_t kHeaderBytes = 28;
  static constexpr std::size_t kFillerBytes = 65'536;

  // splitmix64's output function.
  static std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  static std::uint64_t check_word(Stamp s) { return mix(s.sequence) ^ mix(~static_cast<std::uint64_t>(s.sent_ns)); }
  static std::uint8_t continuity(std::uint64_t sequence) { return static_cast<std::uint8_t>(0x10 | (sequence & 0x0f)); }

  // A window into one random table: neighbours differ, and neither side spends its core on random numbers.
  const std::uint8_t* filler_for(std::uint64_t sequence) const {
    return &filler_[sequence * 8 % (kFillerBytes - kTsBytes)];
  }

  std::vector<std::uint8_t> filler_;
};

}  // namespace spate::bench
