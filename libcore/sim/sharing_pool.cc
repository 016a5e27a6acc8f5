#include "libcore/sim/sharing_pool.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

Buffer SharingPool::shared(Buffer frame) {
  Buffer& newest = newest_[hash_bytes(frame.bytes()) % kFrames];
  const Bytes a = newest.bytes();
  const Bytes b = frame.bytes();
  if (newest && std::equal(a.begin(), a.end(), b.begin(), b.end())) return newest;
  newest = frame;
  return frame;
}

}  // namespace spate::sim
