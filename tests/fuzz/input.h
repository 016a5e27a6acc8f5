// Reads values off a fuzzer's input. Never runs dry: behind the end everything is zero, so every input means something.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint64_t u64() { return integer(8); }
  // From 0 to n - 1, 0 < n <= 256; small inputs give small numbers.
  std::size_t below(std::size_t n) { return u8() % n; }
  // The next n bytes, or what is left of them.
  Bytes bytes(std::size_t n) {
    const Bytes taken = rest_.first(std::min(n, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  Bytes rest() { return bytes(rest_.size()); }

 private:
  std::uint64_t integer(std::size_t n) {
    std::uint64_t value = 0;
    for (const std::uint8_t b : bytes(n)) value = value << 8 | b;
    return value;
  }

  Bytes rest_;
};

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace spate::fuzz
