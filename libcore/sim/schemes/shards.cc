#include "libcore/sim/schemes/shards.h"

namespace spate::sim {

Shards::Shards(const Broadcast& broadcast, std::uint32_t frames_per_group) : broadcast_(broadcast) {
  for (std::uint64_t frame = 0; frame < frames_per_group; ++frame) {
    frames_.push_back(packets_.size());
    const std::uint64_t end = broadcast.first_packet(frame + 1);
    for (std::uint64_t packet = broadcast.first_packet(frame); packet < end; packet += kPacketsEach)
      packets_.push_back(packet);
  }
  group_shards_ = packets_.size();
  group_packets_ = broadcast.first_packet(frames_per_group);
}

std::uint64_t Shards::first_of(std::uint64_t frame) const {
  return frame / frames_.size() * group_shards_ + frames_[static_cast<std::size_t>(frame % frames_.size())];
}

std::uint64_t Shards::first_packet(std::uint64_t shard) const {
  return shard / group_shards_ * group_packets_ + packets_[static_cast<std::size_t>(shard % group_shards_)];
}

}  // namespace spate::sim
