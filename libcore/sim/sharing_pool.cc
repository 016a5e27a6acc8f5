#include "libcore/sim/sharing_pool.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

// A frame's first 17 bytes hold its type and its sequence, whatever its type.
std::uint64_t SharingPool::hash_of(Bytes frame) {
  return hash_bytes(frame.first(std::min<std::size_t>(frame.size(), 17)));
}

Buffer SharingPool::find_in(const Set& set, std::uint64_t hash, Bytes frame) {
  for (std::size_t i = 0; i < kFramesOfSet; ++i) {
    if (set.hashes[i] != hash || !set.frames[i]) continue;
    const Bytes kept = set.frames[i].bytes();
    if (std::equal(kept.begin(), kept.end(), frame.begin(), frame.end())) return set.frames[i];
  }
  return {};
}

Buffer SharingPool::find(Bytes frame) const {
  const std::uint64_t hash = hash_of(frame);
  return find_in(sets_[hash % kSets], hash, frame);
}

Buffer SharingPool::shared(Buffer frame) {
  const std::uint64_t hash = hash_of(frame.bytes());
  Set& set = sets_[hash % kSets];
  if (Buffer kept = find_in(set, hash, frame.bytes())) return kept;
  set.hashes[set.oldest] = hash;
  set.frames[set.oldest] = frame;
  set.oldest = (set.oldest + 1) % kFramesOfSet;
  return frame;
}

}  // namespace spate::sim
