#include "libcore/sim/broadcast.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/sim/digest.h"

namespace spate::sim {
namespace {

constexpr std::uint64_t kPacketBits = Broadcast::kPacketBytes * 8;
constexpr std::size_t kIndexAt = Broadcast::kPacketBytes - 8;
constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

Broadcast::Broadcast(const BroadcastConfig& config) : config_(config), recent_(kRecent) {
  SPATE_CHECK(config.frames_per_second > 0 && config.frames_per_group > 0 && config.key_frame_weight > 0);
  const std::uint64_t packets = config.rate_bps * config.frames_per_group / (config.frames_per_second * kPacketBits);
  SPATE_CHECK(packets > 0);
  const std::uint64_t weight = config.key_frame_weight + config.frames_per_group - 1;
  group_.push_back(0);
  for (std::uint64_t frame = 1; frame <= config.frames_per_group; ++frame)
    group_.push_back(packets * (config.key_frame_weight + frame - 1) / weight);
}

std::uint64_t Broadcast::first_packet(std::uint64_t frame) const {
  return frame / config_.frames_per_group * group_.back() +
         group_[static_cast<std::size_t>(frame % config_.frames_per_group)];
}

std::uint64_t Broadcast::frame_of(std::uint64_t packet) const {
  const std::uint64_t in_group = packet % group_.back();
  const auto next = std::upper_bound(group_.begin(), group_.end(), in_group);
  return packet / group_.back() * config_.frames_per_group + static_cast<std::uint64_t>(next - group_.begin()) - 1;
}

Instant Broadcast::due(std::uint64_t frame) const {
  return config_.start +
         Duration(static_cast<std::int64_t>(frame) * kSecond / static_cast<std::int64_t>(config_.frames_per_second));
}

// A frame's time is rounded down to whole nanoseconds, and so a frame is due at `elapsed` or later just if its number
// is at least as large as elapsed seconds have frames.
std::uint64_t Broadcast::first_frame_due(Instant from) const {
  if (from <= config_.start) return 0;
  const std::int64_t elapsed = (from - config_.start).count();
  const auto per_second = static_cast<std::int64_t>(config_.frames_per_second);
  const std::int64_t frame = elapsed / kSecond * per_second + (elapsed % kSecond * per_second + kSecond - 1) / kSecond;
  return std::min(static_cast<std::uint64_t>(frame), config_.frames);
}

std::uint64_t Broadcast::packets_due(Instant now) const {
  if (now < config_.start) return 0;
  const std::int64_t elapsed = (now - config_.start).count();
  const auto frame =
      static_cast<std::uint64_t>(elapsed / kSecond * static_cast<std::int64_t>(config_.frames_per_second) +
                                 elapsed % kSecond * static_cast<std::int64_t>(config_.frames_per_second) / kSecond);
  return first_packet(std::min(frame + 1, config_.frames));
}

// A group begins with a table (PID 0) and a video packet that says a decoder may start there, as muxers write them; all
// else is video (PID 0x100). Filler, then the index in the last eight bytes.
ByteArray<Broadcast::kPacketBytes> Broadcast::make(std::uint64_t index) const {
  const std::uint64_t in_group = index % group_.back();
  const auto continuity = static_cast<std::uint8_t>(index & 15);
  ByteArray<kPacketBytes> bytes;
  Writer writer{MutableBytes{bytes}};
  if (in_group == 0) {
    writer.u32(0x47400010u | continuity);
  } else if (in_group == 1) {
    // An adaptation field of one byte, random_access_indicator; the start of a video PES packet.
    writer.u32(0x47410030u | continuity).u16(0x0140).u32(0x000001e0);
  } else {
    writer.u32(0x47010010u | continuity);
  }
  std::uint64_t filler = Digest::mix(index + 1);
  const std::uint64_t step = filler | 1;
  while (writer.size() + 8 <= kIndexAt) writer.u64(filler += step);
  while (writer.size() < kIndexAt) writer.u8(static_cast<std::uint8_t>(writer.size()));
  writer.u64(index);
  return bytes;
}

const ByteArray<Broadcast::kPacketBytes>& Broadcast::packet(std::uint64_t index) const {
  Recent& recent = recent_[static_cast<std::size_t>(index % kRecent)];
  if (recent.index != index) recent = {index, make(index)};
  return recent.bytes;
}

void Broadcast::write(std::uint64_t first_byte, MutableBytes out) const {
  while (!out.empty()) {
    const ByteArray<kPacketBytes>& bytes = packet(first_byte / kPacketBytes);
    const Bytes rest = Bytes{bytes}.subspan(static_cast<std::size_t>(first_byte % kPacketBytes));
    const std::size_t n = std::min(rest.size(), out.size());
    std::copy_n(rest.begin(), n, out.begin());
    out = out.subspan(n);
    first_byte += n;
  }
}

std::optional<std::uint64_t> Broadcast::index_of(Bytes bytes) const {
  SPATE_CHECK(bytes.size() == kPacketBytes);
  const std::uint64_t index = Reader(bytes.subspan(kIndexAt)).u64();
  const ByteArray<kPacketBytes>& expected = packet(index);
  if (!std::equal(bytes.begin(), bytes.end(), expected.begin())) return std::nullopt;
  return index;
}

}  // namespace spate::sim
