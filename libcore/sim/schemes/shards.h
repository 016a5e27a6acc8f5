// The stream cut into shards: of 1,316 bytes as those of the nodes, but for each frame's last, which may be shorter.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/sim/broadcast.h"
#include "libcore/wire/shard.h"

namespace spate::sim {

class Shards {
 public:
  static constexpr std::uint64_t kPacketsEach = wire::kPayloadBytes / Broadcast::kPacketBytes;

  Shards(const Broadcast& broadcast, std::uint32_t frames_per_group);

  // What is due up to and including that frame, and in all.
  std::uint64_t end_of(std::uint64_t frame) const { return first_of(frame + 1); }
  std::uint64_t all() const { return first_of(broadcast_.frames()); }
  // The broadcast's packets that a shard holds: [first_packet(shard), first_packet(shard + 1)).
  std::uint64_t first_packet(std::uint64_t shard) const;
  std::size_t bytes(std::uint64_t shard) const {
    return static_cast<std::size_t>(first_packet(shard + 1) - first_packet(shard)) * Broadcast::kPacketBytes;
  }
  Instant due(std::uint64_t shard) const { return broadcast_.due(broadcast_.frame_of(first_packet(shard))); }

 private:
  std::uint64_t first_of(std::uint64_t frame) const;

  const Broadcast& broadcast_;
  std::vector<std::uint64_t> frames_;   // of a group: the first shard of each
  std::vector<std::uint64_t> packets_;  // of a group: the first packet of each shard
  std::uint64_t group_shards_;
  std::uint64_t group_packets_;
};

}  // namespace spate::sim
