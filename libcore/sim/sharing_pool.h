// The buffer pool of all nodes of one simulation: a frame that one of them keeps is the same block for all others that
// keep it. So a swarm's memory grows with the stream, not with its peers.
#pragma once

#include <vector>

#include "libcore/base/buffer.h"

namespace spate::sim {

class SharingPool final : public BufferPool {
 public:
  SharingPool() : newest_(kFrames) {}

  Buffer shared(Buffer frame) override;

 private:
  static constexpr std::size_t kFrames = 1u << 13;  // 13 MB, 18 s of 4 Mbit/s

  std::vector<Buffer> newest_;  // by a hash of the first bytes
};

}  // namespace spate::sim
