// Reads big-endian fields from a peer's bytes. Never reads past the end: the first short read makes the reader
// fail, and every later read returns zero. Check ok() once, after the last field.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/bytes.h"

namespace spate {

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u48() { return integer(6); }
  std::uint64_t u64() { return integer(8); }

  // The next n bytes, or an empty view once the reader has failed.
  Bytes bytes(std::size_t n) {
    if (n > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
  }
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out{};
    const Bytes taken = bytes(N);
    std::copy(taken.begin(), taken.end(), out.begin());
    return out;
  }
  Bytes rest() { return bytes(rest_.size()); }

  std::size_t remaining() const { return rest_.size(); }
  bool ok() const { return ok_; }
  // All fields were there and nothing follows them.
  bool ok_and_empty() const { return ok_ && rest_.empty(); }

 private:
  std::uint64_t integer(std::size_t n) {
    std::uint64_t value = 0;
    for (const std::uint8_t b : bytes(n)) value = value << 8 | b;
    return value;
  }

  Bytes rest_;
  bool ok_ = true;
};

}  // namespace spate
