#include "libcore/sim/sharing_pool.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

Buffer SharingPool::shared(Buffer frame) {
  // A frame's first 17 bytes hold its type and its sequence, whatever its type.
  const Bytes b = frame.bytes();
  const std::uint64_t hash = hash_bytes(b.first(std::min<std::size_t>(b.size(), 17)));
  Set& set = sets_[hash % kSets];
  for (std::size_t i = 0; i < kFramesOfSet; ++i) {
    if (set.hashes[i] != hash || !set.frames[i]) continue;
    const Bytes a = set.frames[i].bytes();
    if (std::equal(a.begin(), a.end(), b.begin(), b.end())) return set.frames[i];
  }
  set.hashes[set.oldest] = hash;
  set.frames[set.oldest] = frame;
  set.oldest = (set.oldest + 1) % kFramesOfSet;
  return frame;
}

}  // namespace spate::sim
