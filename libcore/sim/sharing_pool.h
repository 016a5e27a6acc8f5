// The buffer pool of all nodes of one simulation: a frame that one of them keeps is the same block for all others that
// keep it. So a swarm's memory grows with the stream, not with its peers.
#pragma once

#include <array>
#include <vector>

#include "libcore/base/buffer.h"

namespace spate::sim {

class SharingPool final : public BufferPool {
 public:
  SharingPool() : sets_(kSets) {}

  Buffer shared(Buffer frame) override;
  // The one with these bytes, if it is one of those that were kept last.
  Buffer find(Bytes frame) const;

 private:
  // The frames that were kept last: 13 MB, 18 s of 4 Mbit/s. They are in sets by a hash of their first bytes, and in
  // each the latest displaces the one that came before all others. With one frame a set, frames of one hash, of which
  // there are some in any stream, would displace each other again and again, and be kept by each node apart.
  static constexpr std::size_t kFrames = 1u << 13;
  static constexpr std::size_t kFramesOfSet = 8;
  static constexpr std::size_t kSets = kFrames / kFramesOfSet;
  struct Set {
    std::array<std::uint64_t, kFramesOfSet> hashes{};
    std::array<Buffer, kFramesOfSet> frames;
    std::size_t oldest = 0;
  };

  static std::uint64_t hash_of(Bytes frame);
  static Buffer find_in(const Set& set, std::uint64_t hash, Bytes frame);

  std::vector<Set> sets_;
};

}  // namespace spate::sim
