// What the publisher publishes: MPEG-TS shaped packets whose content is a function of their index, in frames that
// come due one by one as an encoder delivers them. So any byte that comes out anywhere can be checked without keeping
// the stream, and its age is known.
//
// Frames are grouped as an encoder groups them: the first of each group is a random-access point and is
// `key_frame_weight` times as large as the others. Every group has the same number of packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/bytes.h"
#include "libcore/base/time.h"

namespace spate::sim {

struct BroadcastConfig {
  std::uint64_t rate_bps = 4'000'000;
  std::uint32_t frames_per_second = 25;
  std::uint32_t frames_per_group = 50;
  std::uint32_t key_frame_weight = 1;
  Instant start{};           // when frame 0 is due
  std::uint64_t frames = 0;  // in all
};

class Broadcast {
 public:
  static constexpr std::size_t kPacketBytes = 188;

  explicit Broadcast(const BroadcastConfig& config);

  // Frames, and the packets they are made of.
  std::uint64_t frames() const { return config_.frames; }
  std::uint64_t first_packet(std::uint64_t frame) const;
  std::uint64_t frame_of(std::uint64_t packet) const;
  std::uint64_t packets() const { return first_packet(config_.frames); }
  Instant due(std::uint64_t frame) const;
  // The first frame that is due then or later; frames() if there is none.
  std::uint64_t first_frame_due(Instant from) const;
  // How many packets are due at that time.
  std::uint64_t packets_due(Instant now) const;

  // The bytes of the stream from that byte on, as many as `out` takes.
  void write(std::uint64_t first_byte, MutableBytes out) const;
  // The index of a packet, if it is that packet to the last bit. `packet` has kPacketBytes.
  std::optional<std::uint64_t> index_of(Bytes packet) const;

 private:
  // The packets asked for last, by index: all viewers ask for the same ones at about the same time.
  static constexpr std::size_t kRecent = 4'096;
  struct Recent {
    std::uint64_t index = UINT64_MAX;
    ByteArray<kPacketBytes> bytes;
  };

  ByteArray<kPacketBytes> make(std::uint64_t index) const;
  const ByteArray<kPacketBytes>& packet(std::uint64_t index) const;

  BroadcastConfig config_;
  mutable std::vector<Recent> recent_;
  std::vector<std::uint64_t> group_;  // the first packet of each of a group's frames, then the group's size
};

}  // namespace spate::sim
