#include "libcore/io/output_queue.h"

#include <algorithm>
#include <utility>

namespace spate::io {

OutputQueue::OutputQueue(std::size_t bytes_max)
    : ring_(std::max<std::size_t>(bytes_max / BufferPool::kBlockBytes, 2)) {}

void OutputQueue::push(const Buffer& frame, Bytes bytes) {
  if (bytes.empty()) return;
  if (full()) drop_oldest();
  ++size_;
  at(size_ - 1) = {frame, bytes};
}

std::size_t OutputQueue::gather(std::span<iovec> out, std::size_t bytes_max) const {
  std::size_t n = 0;
  for (; n < out.size() && n < size_ && bytes_max > 0; ++n) {
    const Bytes bytes = at(n).rest.first(std::min(at(n).rest.size(), bytes_max));
    out[n] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    bytes_max -= bytes.size();
  }
  return n;
}

void OutputQueue::consume(std::size_t bytes) {
  while (bytes > 0 && size_ > 0) {
    Bytes& rest = at(0).rest;
    const std::size_t n = std::min(bytes, rest.size());
    rest = rest.subspan(n);
    bytes -= n;
    started_ = !rest.empty();
    if (rest.empty()) pop();
  }
}

void OutputQueue::pop() {
  at(0) = {};
  first_ = (first_ + 1) % ring_.size();
  --size_;
  started_ = false;
}

void OutputQueue::drop_oldest() {
  const bool keep_first = started_;
  if (keep_first) std::swap(at(0), at(1));
  ++dropped_packets_;
  pop();
  started_ = keep_first;
}

void OutputQueue::drop_unstarted() {
  while (size_ > (started_ ? 1U : 0U)) drop_oldest();
}

}  // namespace spate::io
