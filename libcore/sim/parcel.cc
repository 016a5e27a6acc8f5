#include "libcore/sim/parcel.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

std::uint64_t fingerprint(Bytes datagram) {
  constexpr std::size_t kWhole = 64;
  if (datagram.size() <= kWhole) return hash_bytes(datagram);
  return hash_bytes(datagram.first(16)) ^ Digest::mix(hash_bytes(datagram.last(16)) + datagram.size());
}

void Parcel::keep(Bytes datagram, const SharingPool* frames, BufferPool& pool) {
  print_ = fingerprint(datagram);
  size_ = datagram.size();
  kept_.reset();
  if (frames != nullptr && datagram.size() > BufferPool::kSmallBlockBytes)
    kept_ = frames->find(datagram.subspan(kBefore, datagram.size() - kAround));
  is_frame_ = static_cast<bool>(kept_);
  if (is_frame_) {
    const Bytes tag = datagram.last(kAround - kBefore);
    std::copy(tag.begin(), tag.end(), std::copy_n(datagram.begin(), kBefore, around_.begin()));
  } else {
    kept_ = pool.take(datagram.size());
    std::copy(datagram.begin(), datagram.end(), kept_.writable().begin());
  }
}

Buffer Parcel::whole(BufferPool& pool) const {
  if (!is_frame_) return kept_;
  Buffer whole = pool.take(size_);
  const Bytes frame = kept_.bytes();
  auto at = std::copy_n(around_.begin(), kBefore, whole.writable().begin());
  at = std::copy(frame.begin(), frame.end(), at);
  std::copy(around_.begin() + kBefore, around_.end(), at);
  return whole;
}

}  // namespace spate::sim
