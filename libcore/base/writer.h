// Writes big-endian fields into a caller's buffer. Running out of room is our bug, not a peer's: it is checked.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/bytes.h"
#include "libcore/base/check.h"

namespace spate {

class Writer {
 public:
  explicit Writer(MutableBytes out) : out_(out) {}

  Writer& u8(std::uint8_t v) { return integer(v, 1); }
  Writer& u16(std::uint16_t v) { return integer(v, 2); }
  Writer& u32(std::uint32_t v) { return integer(v, 4); }
  Writer& u48(std::uint64_t v) { return integer(v, 6); }
  Writer& u64(std::uint64_t v) { return integer(v, 8); }
  Writer& bytes(Bytes b) {
    const MutableBytes room = skip(b.size());
    std::copy(b.begin(), b.end(), room.begin());
    return *this;
  }
  // Leaves n bytes for the caller to fill.
  MutableBytes skip(std::size_t n) {
    SPATE_CHECK(n <= out_.size() - size_);
    const MutableBytes room = out_.subspan(size_, n);
    size_ += n;
    return room;
  }

  std::size_t size() const { return size_; }
  std::size_t room() const { return out_.size() - size_; }
  Bytes written() const { return out_.first(size_); }

 private:
  Writer& integer(std::uint64_t v, std::size_t n) {
    const MutableBytes room = skip(n);
    for (std::size_t i = n; i-- > 0; v >>= 8) room[i] = static_cast<std::uint8_t>(v & 0xff);
    return *this;
  }

  MutableBytes out_;
  std::size_t size_ = 0;
};

}  // namespace spate
