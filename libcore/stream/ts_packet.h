// The few fields of an MPEG-TS packet (ISO/IEC 13818-1, 2.4.3) that cutting a stream needs.
#pragma once

#include "libcore/base/bytes.h"

namespace spate::stream {

inline constexpr std::size_t kTsPacketBytes = 188;
inline constexpr std::uint8_t kTsSync = 0x47;

// A view of one whole packet. REQUIRES packet.size() == kTsPacketBytes and packet[0] == kTsSync.
class TsPacket {
 public:
  explicit TsPacket(Bytes packet) : packet_(packet) {}

  // A program association table begins here: what a decoder must see before anything else.
  bool starts_pat() const { return (packet_[1] & 0xdf) == 0x40 && packet_[2] == 0; }

  // A video access unit begins here that decodes without earlier ones. The packet must say so itself and hold the
  // start of a video PES packet: muxers mark every audio packet as a random-access point too.
  bool starts_video_random_access() const {
    const bool error = (packet_[1] & 0x80) != 0;
    const bool unit_start = (packet_[1] & 0x40) != 0;
    const bool scrambled = (packet_[3] & 0xc0) != 0;
    const bool adaptation_and_payload = (packet_[3] & 0x30) == 0x30;
    if (error || !unit_start || scrambled || !adaptation_and_payload) return false;
    const std::size_t adaptation_bytes = packet_[4];
    const std::size_t pes = 5 + adaptation_bytes;
    if (adaptation_bytes == 0 || (packet_[5] & 0x40) == 0 || pes + 4 > kTsPacketBytes) return false;
    return packet_[pes] == 0 && packet_[pes + 1] == 0 && packet_[pes + 2] == 1 && (packet_[pes + 3] & 0xf0) == 0xe0;
  }

 private:
  Bytes packet_;
};

}  // namespace spate::stream
