#include "libcore/base/datagram.h"

#include <algorithm>

#include "libcore/base/check.h"

namespace spate {

MutableBytes DatagramBatch::add(const Address& to, std::size_t bytes) {
  SPATE_CHECK(bytes > 0 && bytes <= kDatagramBytesMax && bytes <= kArenaBytes - used_);
  Run* run = runs_.empty() ? nullptr : &runs_.back();
  const bool extends = run != nullptr && run->to == to && run->count < kRunDatagrams &&
                       run->bytes == run->segment_bytes * run->count && bytes <= run->segment_bytes &&
                       run->bytes + bytes <= kRunBytes;
  if (!extends) {
    runs_.push_back({to, static_cast<std::uint32_t>(used_), 0, static_cast<std::uint32_t>(bytes), 0});
    run = &runs_.back();
  }
  run->bytes += static_cast<std::uint32_t>(bytes);
  ++run->count;
  used_ += bytes;
  ++totals_.datagrams;
  totals_.wire_bytes += bytes + header_bytes(to);
  return MutableBytes{arena_}.subspan(used_ - bytes, bytes);
}

void DatagramBatch::clear() {
  runs_.clear();
  used_ = 0;
}

Bytes DatagramBatch::datagram(const Run& run, std::size_t i) const {
  SPATE_CHECK(i < run.count);
  const std::size_t begin = i * run.segment_bytes;
  return bytes_of(run).subspan(begin, std::min<std::size_t>(run.segment_bytes, run.bytes - begin));
}

}  // namespace spate
