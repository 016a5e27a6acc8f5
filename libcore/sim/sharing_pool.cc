#include "libcore/sim/sharing_pool.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

Buffer SharingPool::shared(Buffer frame) {
  // A frame's first bytes hold its type and its sequence.
  const Bytes b = frame.bytes();
  Buffer& newest = newest_[hash_bytes(b.first(std::min<std::size_t>(b.size(), 16))) % kFrames];
  const Bytes a = newest.bytes();
  if (newest && std::equal(a.begin(), a.end(), b.begin(), b.end())) return newest;
  newest = frame;
  return frame;
}

}  // namespace spate::sim
