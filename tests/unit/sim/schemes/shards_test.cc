#include "libcore/sim/schemes/shards.h"

#include "tests/catch.h"

namespace spate::sim {

TEST_CASE("shards are a frame's packets by sevens, frame after frame") {
  const Broadcast broadcast({.rate_bps = 1'000'000,
                             .frames_per_second = 25,
                             .frames_per_group = 50,
                             .key_frame_weight = 6,
                             .start = {},
                             .frames = 130});
  const Shards shards(broadcast, 50);
  std::uint64_t shard = 0;
  for (std::uint64_t frame = 0; frame < broadcast.frames(); ++frame) {
    for (; shard < shards.end_of(frame); ++shard) {
      CHECK(broadcast.frame_of(shards.first_packet(shard)) == frame);
      CHECK(shards.bytes(shard) <= 1'316);
      CHECK(shards.due(shard) == broadcast.due(frame));
    }
    CHECK(shards.first_packet(shard) == broadcast.first_packet(frame + 1));
  }
  CHECK(shard == shards.all());
}

}  // namespace spate::sim
