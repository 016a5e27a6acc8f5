// Datagrams over TCP: each behind its length, u16 ("Over TCP" in README.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate::wire {

inline constexpr std::size_t kTcpFrameHeaderBytes = 2;
inline constexpr std::size_t kTcpFrameDatagramBytesMax = 2'048;

inline ByteArray<kTcpFrameHeaderBytes> tcp_frame_header(std::size_t datagram_bytes) {
  return {static_cast<std::uint8_t>(datagram_bytes >> 8), static_cast<std::uint8_t>(datagram_bytes & 0xff)};
}

// Takes what was read from a connection apart, wherever the reads cut it. Between reads it keeps the beginning of the
// frame that is not complete, as much of it as has come.
class TcpDeframer {
 public:
  // What was read. It must stay where it is until all datagrams have been taken.
  void put(Bytes read);
  // The next datagram, valid until the next put(); nothing when more must be read, or once broken().
  std::optional<Bytes> next();
  // A length of 0, or above kTcpFrameDatagramBytesMax: what follows means nothing.
  bool broken() const { return broken_; }

 private:
  // Moves bytes of the read to the frame that has begun, until it has so many.
  bool gather(std::size_t bytes);
  std::optional<std::size_t> length_of(Bytes header);

  std::vector<std::uint8_t> begun_;
  std::vector<std::uint8_t> completed_;  // what had begun before, and was handed out
  Bytes read_;
  bool broken_ = false;
};

}  // namespace spate::wire
