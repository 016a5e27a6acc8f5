// A hostile parent that has kept what the publisher signed: of an earlier run, or of this one a while ago.
#include "tests/unit/swarm/streaming_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kOldEpoch = stream::kEpoch - 5'000;
constexpr std::size_t kOldPayload = 90;  // and the new run's are of 100

// What of 60 s lists prove, or what proves itself: 12,000 shards and more.
std::vector<ByteVector> capture(bool listed) {
  Broadcast old(kOldEpoch, std::nullopt, kStriping);
  std::vector<ByteVector> frames;
  Instant now = kStart;
  std::uint64_t next = 0;
  std::uint64_t list = UINT64_MAX;
  for (; now < kStart + seconds(60); now += milliseconds(listed ? 100 : 20)) {
    if (listed) {
      old.source->push(ByteVector(30 * wire::kPayloadBytes, 2), now);
      old.source->handle_deadline(now + milliseconds(10));
    } else {
      for (int i = 0; i < 4; ++i) {
        old.source->push(ByteVector(kOldPayload, 2), now + milliseconds(5 * i));
        old.source->handle_deadline(now + milliseconds(5 * i + 4));
      }
    }
    for (; next < old.store.head(); ++next) {
      const stream::StoredShard& shard = old.store.at(next);
      if (shard.list && shard.list_first != list) {
        list = shard.list_first;
        frames.emplace_back(shard.list.bytes().begin(), shard.list.bytes().end());
      }
      const Bytes frame = shard.frame.bytes();
      if (wire::parse_shard(frame)->has_signature != listed) frames.emplace_back(frame.begin(), frame.end());
    }
    if (now.time_since_epoch() % seconds(1) == Duration::zero()) {
      const auto info = old.info(now);
      frames.emplace_back(info.begin(), info.end());
    }
  }
  return frames;
}

// p2 sends the stream, and p1 would.
struct TwoParents : StreamingWorld {
  TwoParents() : StreamingWorld({1, 2}) {
    p1.set_lag(milliseconds(200));
    run(seconds(3));
    REQUIRE(p2.child == kAll);
    REQUIRE(viewer.epochs == std::vector<std::uint64_t>{stream::kEpoch});
    lost = viewer.swarm->stats(net.now).lost_packets;
    gaps = viewer.discontinuities;
  }
  // While the stream goes on p2 sends all that, too.
  void replay(const std::vector<ByteVector>& frames) {
    for (std::size_t i = 0; i < frames.size();) {
      for (int n = 0; n < 100 && i < frames.size(); ++n) p2.peer.send_frame(frames[i++]);
      run(milliseconds(20));
    }
  }
  // A parent that takes over sends, in these tests, only what is new.
  void expect_nothing_of_it(std::size_t gaps_more = 0) {
    run(seconds(1));
    CHECK(viewer.epochs == std::vector<std::uint64_t>{stream::kEpoch});
    CHECK(std::count(viewer.output.begin(), viewer.output.end(), 1) ==
          static_cast<std::ptrdiff_t>(viewer.output.size()));
    CHECK(viewer.output.size() % payload == 0);
    CHECK(viewer.output.size() / payload <= broadcast.store.head());
    CHECK(viewer.output.size() / payload + 100 >= broadcast.store.head());
    CHECK(viewer.discontinuities <= gaps + gaps_more);
    CHECK(viewer.swarm->stats(net.now).lost_packets <= lost + gaps_more * 4);
    CHECK_FALSE(viewer.stopped);
  }

  std::uint64_t lost = 0;
  std::size_t gaps = 0;
};

}  // namespace

TEST_CASE("H10: lists of an old run and the shards that they prove, from a parent, are nothing", "[swarm]") {
  TwoParents f;
  const std::vector<ByteVector> frames = capture(true);
  CHECK(frames.size() > 12'000);
  f.replay(frames);
  f.expect_nothing_of_it();
  CHECK(f.p2.child == kAll);
  CHECK(f.viewer.swarm->stats(f.net.now).forged_packets == 0);
}

TEST_CASE("H10: the first shard of an old run with its own proof ends the session with the parent", "[swarm]") {
  TwoParents f;
  const std::vector<ByteVector> frames = capture(false);
  CHECK(frames.size() > 12'000);
  const std::uint64_t sent = f.p2.peer.bytes_sent;
  f.replay(frames);
  f.expect_nothing_of_it(1);
  CHECK(f.p2.peer.bytes_sent > sent);
  CHECK(f.viewer.swarm->stats(f.net.now).forged_packets == 1);
  CHECK((f.p1.child & first_stripes(kStriping.data)) == first_stripes(kStriping.data));
}

TEST_CASE("H10: what this run's frames were a minute ago, from a parent, comes out once", "[swarm]") {
  TwoParents f;
  std::vector<ByteVector> frames;
  std::uint64_t next = 0;
  for (int i = 0; i < 600; ++i, f.run(milliseconds(100)))
    for (; next < f.broadcast.store.head(); ++next) frames.push_back(f.broadcast.frame(next));
  CHECK(frames.size() > 12'000);
  f.replay(frames);
  f.expect_nothing_of_it();
  CHECK(f.viewer.swarm->stats(f.net.now).forged_packets == 0);
}
