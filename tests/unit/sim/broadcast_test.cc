#include "libcore/sim/broadcast.h"

#include <vector>

#include "libcore/stream/ts_packet.h"
#include "tests/catch.h"

namespace spate::sim {
namespace {

constexpr std::size_t kPacketBytes = Broadcast::kPacketBytes;

BroadcastConfig config() {
  BroadcastConfig config;
  config.key_frame_weight = 5;
  config.start = Instant{} + std::chrono::milliseconds(7);
  config.frames = 200;
  return config;
}

}  // namespace

TEST_CASE("the broadcast is a function of the byte's place") {
  const Broadcast broadcast(config());
  std::vector<std::uint8_t> whole(200 * kPacketBytes);
  broadcast.write(0, whole);
  for (const std::size_t from : {1u, 187u, 188u, 1'000u}) {
    std::vector<std::uint8_t> part(5'000);
    broadcast.write(from, part);
    CHECK(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(from)));
  }
}

TEST_CASE("packets look like MPEG-TS and know their index") {
  const Broadcast broadcast(config());
  const std::uint64_t group = broadcast.first_packet(50);
  for (const std::uint64_t index :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{77}, group - 1, group, group + 1, 2 * group}) {
    std::vector<std::uint8_t> packet(kPacketBytes);
    broadcast.write(index * kPacketBytes, packet);
    CHECK(packet[0] == stream::kTsSync);
    CHECK((packet[3] & 15) == index % 16);
    CHECK(stream::TsPacket(packet).starts_pat() == (index % group == 0));
    CHECK(stream::TsPacket(packet).starts_video_random_access() == (index % group == 1));
    CHECK(broadcast.index_of(packet) == index);
    for (const std::size_t at : {0u, 3u, 4u, 100u, 187u}) {
      packet[at] ^= 1;
      CHECK(!broadcast.index_of(packet));
      packet[at] ^= 1;
    }
  }
}

TEST_CASE("frames come due in order and add up to the rate") {
  const Broadcast broadcast(config());
  CHECK(broadcast.packets_due(Instant{}) == 0);
  for (std::uint64_t frame = 0; frame < broadcast.frames(); ++frame) {
    const Instant due = broadcast.due(frame);
    REQUIRE(broadcast.packets_due(due) == broadcast.first_packet(frame + 1));
    REQUIRE(broadcast.packets_due(due - Duration(1)) == broadcast.first_packet(frame));
    for (std::uint64_t packet = broadcast.first_packet(frame); packet < broadcast.first_packet(frame + 1); ++packet)
      REQUIRE(broadcast.frame_of(packet) == frame);
  }
  CHECK(broadcast.packets_due(Instant{} + std::chrono::hours(1)) == broadcast.packets());
  CHECK(static_cast<double>(broadcast.packets() * kPacketBytes * 8) == Approx(4e6 * 200 / 25).epsilon(0.01));
  // A group's first frame is five times as large as its others.
  CHECK(broadcast.first_packet(51) - broadcast.first_packet(50) >
        4 * broadcast.first_packet(52) - 4 * broadcast.first_packet(51));
}

TEST_CASE("the first frame that is due from a time on") {
  BroadcastConfig config;
  config.frames_per_second = 30;  // whose frames are no whole nanoseconds apart
  config.frames_per_group = 60;
  config.start = Instant{} + std::chrono::milliseconds(7);
  config.frames = 200;
  const Broadcast broadcast(config);
  CHECK(broadcast.first_frame_due(Instant{}) == 0);
  for (std::uint64_t frame = 0; frame < 200; ++frame) {
    const Instant due = broadcast.due(frame);
    CHECK(broadcast.first_frame_due(due - Duration(1)) == frame);
    CHECK(broadcast.first_frame_due(due) == frame);
    CHECK(broadcast.first_frame_due(due + Duration(1)) == frame + 1);
  }
  CHECK(broadcast.first_frame_due(Instant{} + std::chrono::hours(1)) == 200);
}

}  // namespace spate::sim
