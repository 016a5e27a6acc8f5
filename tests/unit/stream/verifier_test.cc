#include "libcore/stream/verifier.h"

#include "tests/catch.h"
#include "tests/unit/stream/publisher.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

using Frames = std::vector<ByteVector>;
using Sequences = std::vector<std::uint64_t>;

struct Viewer {
  explicit Viewer(std::uint64_t epoch = kEpoch, std::uint64_t media_us = 0)
      : verifier(stream_keys().public_key, crypto::sodium_suite(), pool, store) {
    verifier.begin_epoch(epoch, media_us, kStripes, kParity);
  }

  Verdict take(Bytes bytes, std::uint64_t neighbour = 1) {
    Buffer frame = pool.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.writable().begin());
    return verifier.take(std::move(frame), neighbour, now);
  }
  Sequences stored() const { return {verifier.stored().begin(), verifier.stored().end()}; }
  std::vector<std::uint64_t> forgers() const { return {verifier.forgers().begin(), verifier.forgers().end()}; }
  std::size_t present() const {
    std::size_t n = 0;
    for (std::uint64_t i = store.tail(); i < store.head(); ++i) n += store.at(i).present() ? 1u : 0u;
    return n;
  }

  BufferPool pool;
  Store store;
  Verifier verifier;
  Instant now = kStart;
};

constexpr std::size_t kListed = kInlineMax + 1;  // shards that a list proves

SourceConfig without_parity(std::uint8_t key = 1) {
  SourceConfig config = source_config(true, kEpoch, key);
  config.parity = 0;
  return config;
}

// The frames of one burst: a list and kListed shards, or one inline shard.
Frames burst_frames(std::size_t shards) {
  Publisher publisher(without_parity());
  publisher.burst(shards, kStart + milliseconds(5));
  return publisher.take_frames();
}

ByteVector flipped(ByteVector frame, std::size_t bit) {
  frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  return frame;
}

}  // namespace

TEST_CASE("verifier: a list, then its shards, with one signature checked") {
  Viewer viewer;
  const Frames frames = burst_frames(kListed);
  REQUIRE(frames.size() == 1 + kListed);
  CHECK(viewer.take(frames[0]) == Verdict::kStored);
  CHECK(viewer.stored().empty());
  CHECK(viewer.store.head() == kListed);
  for (std::uint64_t i = 0; i < kListed; ++i) {
    CHECK(viewer.take(frames[i + 1]) == Verdict::kStored);
    CHECK(viewer.stored() == Sequences{i});
    CHECK(viewer.store.at(i).media_us == 5'000);
    CHECK(viewer.store.at(i).arrived == kStart);
    CHECK(viewer.store.at(i).payload().size() == wire::kPayloadBytes);
  }
  CHECK(viewer.verifier.stats().signatures == 1);
}

TEST_CASE("verifier: an inline shard") {
  Viewer viewer;
  const Frames frames = burst_frames(1);
  REQUIRE(frames.size() == 1);
  CHECK(viewer.take(frames[0]) == Verdict::kStored);
  CHECK(viewer.store.find(0)->payload().size() == wire::kPayloadBytes);
  CHECK(viewer.verifier.stats().signatures == 1);
}

TEST_CASE("verifier: shards ahead of their list are held, and freed in order") {
  Viewer viewer;
  const Frames frames = burst_frames(kListed);
  Sequences all;
  for (std::uint64_t i = 0; i < kListed; ++i) all.push_back(i);
  for (std::size_t i = kListed; i >= 1; --i) {
    CHECK(viewer.take(frames[i]) == Verdict::kHeld);
    CHECK(viewer.stored().empty());
    CHECK(viewer.verifier.lacks_list() == i - 1);
  }
  CHECK(viewer.present() == 0);
  CHECK(viewer.store.head() == 0);
  CHECK(viewer.verifier.next_deadline() == kStart + Verifier::kHoldTime);
  CHECK(viewer.take(frames[0]) == Verdict::kStored);
  CHECK(viewer.stored() == all);
  CHECK(viewer.verifier.lacks_list() == UINT64_MAX);
  CHECK(viewer.verifier.next_deadline() == kNever);
  CHECK(viewer.present() == kListed);
}

TEST_CASE("verifier: duplicates are found before any signature is checked") {
  Viewer viewer;
  Publisher publisher(without_parity());
  publisher.burst(kListed, kStart);
  publisher.burst(1, kStart);
  for (const ByteVector& frame : publisher.take_frames()) viewer.take(frame);
  const std::uint64_t signatures = viewer.verifier.stats().signatures;
  Publisher again(without_parity());
  again.burst(kListed, kStart);
  again.burst(1, kStart);
  for (const ByteVector& frame : again.take_frames()) CHECK(viewer.take(frame) == Verdict::kDuplicate);
  CHECK(viewer.verifier.stats().signatures == signatures);
  CHECK(viewer.verifier.stats().duplicates == 1 + kListed + 1);
  CHECK(viewer.stored().empty());
}

TEST_CASE("verifier: a held shard that comes again is a duplicate, from the same neighbour or with the same bytes") {
  Viewer viewer;
  const Frames frames = burst_frames(kListed);
  CHECK(viewer.take(frames[1], 1) == Verdict::kHeld);
  CHECK(viewer.take(frames[1], 1) == Verdict::kDuplicate);
  CHECK(viewer.take(frames[1], 2) == Verdict::kDuplicate);
  CHECK(viewer.take(flipped(frames[1], 800), 1) == Verdict::kDuplicate);
}

TEST_CASE("verifier: a forged shard that came before the list does not keep the right one out") {
  Viewer viewer;
  const Frames frames = burst_frames(kListed);
  constexpr std::uint64_t kForger = std::uint64_t{5} << 32 | 2;  // all of the number tells it from the honest one
  CHECK(viewer.take(flipped(frames[4], 800), kForger) == Verdict::kHeld);
  CHECK(viewer.take(frames[4], 2) == Verdict::kHeld);
  CHECK(viewer.take(frames[0], 2) == Verdict::kStored);
  CHECK(viewer.stored() == Sequences{3});
  CHECK(viewer.forgers() == std::vector<std::uint64_t>{kForger});
  CHECK(viewer.take(frames[5], 2) == Verdict::kStored);
  CHECK(viewer.forgers().empty());
}

TEST_CASE("verifier: no frame with a wrong bit is ever stored") {
  const std::size_t shards = GENERATE(std::size_t{1}, kListed);
  const Frames frames = burst_frames(shards);
  for (std::size_t index = 0; index < frames.size(); ++index) {
    // In front of the payload every bit, in it some.
    const std::size_t head_bits = 8 * (index == 0 ? frames[0].size() : wire::kShardHeaderBytes);
    const std::size_t step = shards == 1 ? 13 : 331;
    for (std::size_t bit = 0; bit < frames[index].size() * 8; bit += bit < head_bits && bit < 800 ? 1 : step) {
      Viewer viewer;
      const bool list_first = index > 0;
      if (list_first) REQUIRE(viewer.take(frames[0]) == Verdict::kStored);
      const Verdict verdict = viewer.take(flipped(frames[index], bit), 5);
      REQUIRE(verdict != Verdict::kStored);
      REQUIRE(viewer.present() == 0);
      // The right ones are not kept out by it, whatever it pretended to be.
      for (const ByteVector& frame : frames) viewer.take(frame, 2);
      REQUIRE(viewer.present() == shards);
      for (std::uint64_t i = 0; i < shards; ++i) REQUIRE(viewer.store.find(i));
      REQUIRE(viewer.forgers().empty());
    }
  }
}

TEST_CASE("verifier: what is wrong is the neighbour's fault") {
  Viewer viewer;
  const Frames inlined = burst_frames(1);
  CHECK(viewer.take(flipped(inlined[0], 8 * 50)) == Verdict::kForged);  // the signature
  CHECK(viewer.take(flipped(inlined[0], 8 * 500)) == Verdict::kForged);
  const Frames listed = burst_frames(kListed);
  CHECK(viewer.take(flipped(listed[0], 8 * 30)) == Verdict::kForged);   // a leaf
  CHECK(viewer.take(flipped(listed[0], 8 * 150)) == Verdict::kForged);  // the signature
  CHECK(viewer.take(listed[0]) == Verdict::kStored);
  CHECK(viewer.take(flipped(listed[1], 8 * 500)) == Verdict::kForged);
  CHECK(viewer.take({}) == Verdict::kForged);
  CHECK(viewer.take(Bytes{listed[0]}.first(100)) == Verdict::kForged);
  CHECK(viewer.take(Bytes{listed[1]}.first(11)) == Verdict::kForged);
  const ByteVector other_type = {wire::kStreamInfo, 1, 2, 3};
  CHECK(viewer.take(other_type) == Verdict::kForged);
  CHECK(viewer.present() == 0);
}

TEST_CASE("verifier: another publisher's frames are forgeries") {
  Publisher other(without_parity(2));
  other.burst(kListed, kStart);
  other.burst(1, kStart);
  const Frames frames = other.take_frames();
  Viewer viewer;
  CHECK(viewer.take(frames.front()) == Verdict::kForged);
  CHECK(viewer.take(frames.back()) == Verdict::kForged);
}

TEST_CASE("verifier: a signature that a shard carries must be right even if a list covers it") {
  // Both forms of the same shard: what is stored is what will be forwarded, to nodes without the list.
  Publisher listed;
  listed.burst(kListed, kStart);
  Viewer viewer;
  REQUIRE(viewer.take(listed.take_frames()[0]) == Verdict::kStored);
  Publisher inlined;  // the same bytes
  inlined.source.push(Bytes{ts_packets(inlined.rng, 36)}.first(wire::kPayloadBytes), kStart);
  const Frames frames = inlined.take_frames();
  CHECK(viewer.take(flipped(frames[0], 8 * 20)) == Verdict::kForged);
  CHECK(viewer.take(frames[0]) == Verdict::kStored);
}

TEST_CASE("verifier: frames of another epoch are stale, and so are those far below or above") {
  Viewer viewer(kEpoch + 1);
  const Frames frames = burst_frames(kListed);
  CHECK(viewer.take(frames[0]) == Verdict::kStale);
  CHECK(viewer.verifier.stats().signatures == 0);

  Viewer late;
  late.store.restart(kListed);
  CHECK(late.take(frames[0]) == Verdict::kStale);
  CHECK(late.take(frames[kListed]) == Verdict::kStale);
  late.store.restart(kListed - 1);
  CHECK(late.take(frames[0]) == Verdict::kStored);
  CHECK(late.take(frames[kListed]) == Verdict::kStored);
  CHECK(late.take(frames[kListed - 1]) == Verdict::kStale);

  Viewer behind;
  ByteVector list(wire::hash_list_frame_bytes(1));
  wire::write_hash_list(list, kEpoch, Verifier::kJumpMax, 0, std::vector<crypto::LeafHash>(1));
  CHECK(behind.take(list) == Verdict::kStale);
  ByteVector shard(100);
  wire::write_shard_header(shard, {Verifier::kJumpMax, 0, 0, 0}, nullptr);
  CHECK(behind.take(shard) == Verdict::kStale);
  wire::write_shard_header(shard, {Verifier::kJumpMax - 1, 0, (Verifier::kJumpMax - 1) % kStripes, 0}, nullptr);
  CHECK(behind.take(shard) == Verdict::kHeld);
}

TEST_CASE("verifier: a hostile publisher's enormous sequences end nowhere") {
  for (const std::uint64_t first : {UINT64_MAX, UINT64_MAX - 10, std::uint64_t{1} << 63, Verifier::kSequenceEnd}) {
    Viewer viewer;
    viewer.store.restart(first);
    ByteVector shard(100);
    wire::write_shard_header(shard, {first, 0, 0, 0}, nullptr);
    CHECK(viewer.take(shard) == Verdict::kStale);
    ByteVector list(wire::hash_list_frame_bytes(1));
    wire::write_hash_list(list, kEpoch, first - 1, 0, std::vector<crypto::LeafHash>(1));
    CHECK(viewer.take(list) == Verdict::kStale);
  }
}

TEST_CASE("verifier: just after a change of epoch, a wrong shard may be an honest neighbour's of the old run") {
  Publisher old_run(source_config(true, kEpoch - 1000));
  old_run.burst(1, kStart);
  const ByteVector old_shard = old_run.take_frames()[0];
  Viewer viewer(kEpoch - 1000);
  viewer.verifier.begin_epoch(kEpoch, 0, kStripes, kParity);
  CHECK(viewer.take(old_shard) == Verdict::kStale);
  viewer.now += Verifier::kEpochGrace;
  CHECK(viewer.take(old_shard) == Verdict::kForged);

  Viewer joiner;
  CHECK(joiner.take(old_shard) == Verdict::kForged);
}

TEST_CASE("verifier: numbers beyond 32 bits are restored for a joiner, and kept up through a long silence") {
  Publisher publisher(without_parity(), 5'000'000'000);
  const Instant now = kStart + std::chrono::hours(50);
  publisher.burst(1, now);
  publisher.burst(10, now + milliseconds(5));
  publisher.burst(1, now + std::chrono::hours(3));
  const Frames frames = publisher.take_frames();
  REQUIRE(frames.size() == 13);
  Viewer viewer(kEpoch, publisher.source.media_us(now - std::chrono::seconds(3)));
  viewer.store.restart(5'000'000'000);
  for (std::size_t i = 0; i < 12; ++i) CHECK(viewer.take(frames[i]) == Verdict::kStored);
  viewer.verifier.advance_media(publisher.source.media_us(now + std::chrono::hours(3)));
  CHECK(viewer.take(frames[12]) == Verdict::kStored);
  CHECK(viewer.store.at(5'000'000'011).media_us == std::uint64_t{53} * 3600 * 1'000'000);
}

TEST_CASE("verifier: holds at most so many shards of a neighbour and of all, for so long") {
  const auto unproven = [](std::uint64_t sequence) {
    ByteVector shard(100);
    wire::write_shard_header(shard, {sequence, 0, static_cast<std::uint8_t>(sequence % kStripes), 0}, nullptr);
    return shard;
  };
  Viewer viewer;
  REQUIRE(viewer.take(unproven(5'000), 99) == Verdict::kHeld);
  for (std::uint64_t i = 0; i < Verifier::kHeldMax; ++i) REQUIRE(viewer.take(unproven(i), 1) == Verdict::kHeld);
  CHECK(viewer.verifier.stats().held_dropped == 0);
  CHECK(viewer.verifier.lacks_list() == 0);
  SECTION("the neighbour's oldest goes, not another's") {
    CHECK(viewer.take(unproven(1'000), 1) == Verdict::kHeld);
    CHECK(viewer.verifier.stats().held_dropped == 1);
    CHECK(viewer.verifier.lacks_list() == 1);
    CHECK(viewer.take(unproven(5'000), 99) == Verdict::kDuplicate);
  }
  SECTION("of all, the oldest goes") {
    for (std::uint32_t i = 0; viewer.verifier.stats().held_dropped == 0; ++i)
      REQUIRE(viewer.take(unproven(2'000 + i), 2 + i / 100) == Verdict::kHeld);
    CHECK(viewer.take(unproven(5'000), 99) == Verdict::kHeld);
    CHECK(viewer.verifier.stats().held_dropped == 2);
  }
  SECTION("time goes by") {
    viewer.now += milliseconds(60);
    CHECK(viewer.take(unproven(4'000), 2) == Verdict::kHeld);
    viewer.verifier.handle_deadline(kStart + Verifier::kHoldTime - Duration(1));
    CHECK(viewer.verifier.stats().held_dropped == 0);
    viewer.verifier.handle_deadline(viewer.verifier.next_deadline());
    CHECK(viewer.verifier.stats().held_dropped == Verifier::kHeldMax + 1);
    CHECK(viewer.verifier.lacks_list() == 4'000);
    CHECK(viewer.verifier.next_deadline() == kStart + milliseconds(60) + Verifier::kHoldTime);
  }
}

TEST_CASE("verifier: anything at all is taken without harm") {
  crypto::ChaChaRng rng(8);
  Viewer viewer;
  const Frames frames = burst_frames(10);
  for (int i = 0; i < 3'000; ++i) {
    ByteVector frame = random_bytes(rng, static_cast<std::size_t>(rng.below(1'500)));
    if (!frame.empty()) frame[0] = static_cast<std::uint8_t>(rng.below(6));
    if (rng.below(2) == 0) {
      frame = frames[static_cast<std::size_t>(rng.below(frames.size()))];
      for (std::uint64_t n = 1 + rng.below(4); n > 0; --n)
        frame[static_cast<std::size_t>(rng.below(64))] = static_cast<std::uint8_t>(rng.u32());
    }
    const Verdict verdict = viewer.take(frame, static_cast<std::uint32_t>(rng.below(10)));
    REQUIRE((verdict != Verdict::kStored || viewer.present() <= 10));
    viewer.now += milliseconds(1);
    viewer.verifier.handle_deadline(viewer.now);
  }
  CHECK(viewer.store.head() <= 10);
}
