#include "libcore/wire/tcp_frame.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate::wire {

void TcpDeframer::put(Bytes read) {
  SPATE_CHECK(broken_ || read_.empty());
  read_ = read;
}

std::optional<std::size_t> TcpDeframer::length_of(Bytes header) {
  const std::size_t length = std::size_t{header[0]} << 8 | header[1];
  broken_ = length == 0 || length > kTcpFrameDatagramBytesMax;
  return broken_ ? std::nullopt : std::optional(length);
}

bool TcpDeframer::gather(std::size_t bytes) {
  const std::size_t more = std::min(bytes - begun_.size(), read_.size());
  begun_.insert(begun_.end(), read_.begin(), read_.begin() + static_cast<std::ptrdiff_t>(more));
  read_ = read_.subspan(more);
  return begun_.size() == bytes;
}

std::optional<Bytes> TcpDeframer::next() {
  if (broken_) return std::nullopt;
  if (begun_.empty() && read_.size() >= kTcpFrameHeaderBytes) {  // as a rule it is all here
    const auto length = length_of(read_);
    if (!length) return std::nullopt;
    if (const std::size_t frame = kTcpFrameHeaderBytes + *length; read_.size() >= frame) {
      const Bytes datagram = read_.subspan(kTcpFrameHeaderBytes, *length);
      read_ = read_.subspan(frame);
      return datagram;
    }
  }
  if (begun_.size() < kTcpFrameHeaderBytes && !gather(kTcpFrameHeaderBytes)) return std::nullopt;
  const auto length = length_of(begun_);
  if (!length || !gather(kTcpFrameHeaderBytes + *length)) return std::nullopt;
  begun_.swap(completed_);  // at most one a read
  begun_.clear();
  return Bytes{completed_}.subspan(kTcpFrameHeaderBytes);
}

}  // namespace spate::wire
