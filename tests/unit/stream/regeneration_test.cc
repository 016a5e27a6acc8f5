// Shards that are lost, and made again of parity: from a source to a verifier.

#include "libcore/stream/regeneration.h"

#include "libcore/stream/parity_maker.h"
#include "libcore/stream/verifier.h"
#include "tests/catch.h"
#include "tests/unit/stream/publisher.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

using Frames = std::vector<ByteVector>;
using Sequences = std::vector<std::uint64_t>;

SourceConfig config_of(std::uint8_t stripes, std::uint8_t parity) {
  SourceConfig config = source_config();
  config.stripes = stripes;
  config.parity = parity;
  return config;
}

bool is_list(const ByteVector& frame) { return frame[0] == wire::kHashList; }
bool is_parity(const ByteVector& frame) { return frame[0] == wire::kParity; }
bool is_shard(const ByteVector& frame) { return !is_list(frame) && !is_parity(frame); }
std::uint64_t sequence_of(const ByteVector& frame) { return wire::parse_shard(frame)->sequence_low; }

struct Viewer {
  explicit Viewer(const SourceConfig& config = source_config())
      : verifier(config.key.public_key, crypto::sodium_suite(), pool, store) {
    verifier.begin_epoch(config.epoch, 0, config.stripes, config.parity);
  }
  Verdict take(Bytes bytes, std::uint64_t neighbour = 1) {
    Buffer frame = pool.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.writable().begin());
    return verifier.take(std::move(frame), neighbour, now);
  }
  Sequences stored() const { return {verifier.stored().begin(), verifier.stored().end()}; }
  Sequences regenerated() const { return {verifier.regenerated().begin(), verifier.regenerated().end()}; }
  // Everything that the publisher made is here, byte for byte.
  bool has_all(const Publisher& publisher) const {
    for (std::uint64_t i = publisher.store.tail(); i < publisher.store.head(); ++i)
      if (!has(publisher, i)) return false;
    return store.head() == publisher.store.head();
  }
  bool has(const Publisher& publisher, std::uint64_t sequence) const {
    const StoredShard* const shard = store.find(sequence);
    if (shard == nullptr) return false;
    const StoredShard& sent = publisher.store.at(sequence);
    return std::ranges::equal(shard->frame.bytes(), sent.frame.bytes()) && shard->flags == sent.flags &&
           shard->media_us == sent.media_us && std::ranges::equal(shard->payload(), sent.payload());
  }

  BufferPool pool;
  Store store;
  Verifier verifier;
  Instant now = kStart;
};

// Blocks that are listed, inline and mixed, whole and short, with short payloads and marks.
void publish_all_kinds(Publisher& p) {
  Instant now = kStart;
  const auto push = [&](std::size_t packets) { p.source.push(ts_packets(p.rng, packets), now); };
  const auto later = [&](Duration time) {
    const Instant then = now + time;
    while (p.source.next_deadline() <= then) p.source.handle_deadline(p.source.next_deadline());
    now = then;
  };
  for (int i = 0; i < 20; ++i, later(milliseconds(4))) push(1 + static_cast<std::size_t>(i) % 9);
  push(kPacketsPerShard * 40 + 2);
  later(milliseconds(20));
  for (int i = 0; i < 5; ++i, later(milliseconds(10))) push(3);
  p.source.push(pat_packet(p.rng), now);
  p.source.push(random_access_packet(p.rng), now);
  later(milliseconds(200));
  push(2);
  later(milliseconds(200));
  push(kPacketsPerShard * 10);
  p.source.end(now);
}

ByteVector flipped(ByteVector frame, std::size_t bit) {
  frame[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  return frame;
}

// A signed list that says what it is told to.
ByteVector signed_list(std::uint64_t first, const std::vector<crypto::LeafHash>& leaves,
                       const std::vector<wire::ParityProof>& proofs) {
  ByteVector list(wire::hash_list_frame_bytes(leaves.size(), proofs.size()));
  wire::write_hash_list(list, kEpoch, first, 0, leaves, proofs);
  const auto view = *wire::parse_hash_list(list);
  ByteArray<wire::kAuthMessageBytesMax> message;
  const std::size_t size =
      wire::write_auth_message(message, stream_keys().public_key, kEpoch, first, 0, view.leaves, view.parity);
  const crypto::Signature signature = crypto::sodium_suite().sign(Bytes{message}.first(size), stream_keys().secret);
  std::ranges::copy(signature, list.end() - wire::kSignatureBytes);
  return list;
}

}  // namespace

TEST_CASE("regeneration: each shard, lost alone, comes back byte for byte as soon as the rest is here") {
  Publisher publisher;
  publish_all_kinds(publisher);
  const Frames frames = publisher.take_frames();
  REQUIRE(publisher.store.blocks().size() > 6);
  for (std::uint64_t lost = 0; lost < publisher.store.head(); ++lost) {
    Viewer viewer;
    for (const ByteVector& frame : frames) {
      if (is_shard(frame) && sequence_of(frame) == lost) continue;
      REQUIRE(viewer.take(frame) == Verdict::kStored);
      if (is_parity(frame)) REQUIRE(viewer.verifier.stored_parity().size() == 1);
    }
    REQUIRE(viewer.has_all(publisher));
    REQUIRE(viewer.verifier.stats().regenerated == 1);
    REQUIRE(viewer.verifier.stats().blocks_broken == 0);
    // When it comes at last, it is known.
    REQUIRE(viewer.take(publisher.store.at(lost).frame.bytes()) == Verdict::kDuplicate);
  }
}

TEST_CASE("regeneration: what is stored is named, the cause first") {
  Publisher publisher;
  publisher.burst(32, kStart);
  const Frames frames = publisher.take_frames();  // a list, and twice 16 shards and a parity
  REQUIRE(frames.size() == 1 + 17 + 17);
  Viewer viewer;
  viewer.take(frames[0]);
  for (std::size_t i = 1; i < 15; ++i) viewer.take(frames[i]);
  SECTION("by the parity") {
    viewer.take(frames[15]);
    CHECK(viewer.take(frames[17]) == Verdict::kStored);
    CHECK(viewer.stored() == Sequences{15});
    CHECK(viewer.regenerated() == Sequences{15});
    REQUIRE(viewer.verifier.stored_parity().size() == 1);
    CHECK(viewer.verifier.stored_parity()[0] == ParityId{0, 0});
    CHECK(viewer.take(frames[17]) == Verdict::kDuplicate);
    CHECK(viewer.stored().empty());
    CHECK(viewer.regenerated().empty());
    CHECK(viewer.verifier.stored_parity().empty());
  }
  SECTION("by the last shard but one") {
    CHECK(viewer.take(frames[17]) == Verdict::kStored);
    CHECK(viewer.stored().empty());
    CHECK(viewer.take(frames[16]) == Verdict::kStored);
    CHECK(viewer.stored() == Sequences{15, 14});
    CHECK(viewer.regenerated() == Sequences{14});
  }
  for (std::size_t i = 18; i < frames.size(); ++i) viewer.take(frames[i]);
  CHECK(viewer.has_all(publisher));
  CHECK(viewer.verifier.stats().signatures == 1);
  const Buffer* const frame = viewer.store.blocks().find(ParityId{0, 0});
  REQUIRE(frame != nullptr);
  CHECK(std::ranges::equal(frame->bytes(), frames[17]));
  CHECK(std::ranges::equal(viewer.store.blocks().find(0)->list.bytes(), frames[0]));
}

TEST_CASE("regeneration: every pattern of up to m losses of shards and parity, and of no more") {
  for (const int parity : {1, 2, 3})
    for (const int stripes : {2, 3, 5})
      for (const bool inlined : {false, true}) {
        Publisher publisher(config_of(static_cast<std::uint8_t>(stripes), static_cast<std::uint8_t>(parity)));
        if (inlined) {
          for (int i = 0; i < stripes; ++i) publisher.burst(1, kStart + milliseconds(i));
        } else {
          publisher.burst(static_cast<std::size_t>(stripes), kStart);
        }
        const Frames frames = publisher.take_frames();
        const std::size_t lossy = static_cast<std::size_t>(stripes + parity);
        for (unsigned losses = 0; losses < 1u << lossy; ++losses) {
          Viewer viewer(config_of(static_cast<std::uint8_t>(stripes), static_cast<std::uint8_t>(parity)));
          std::size_t unit = 0;
          int lost_shards = 0;
          for (const ByteVector& frame : frames) {
            const bool lost = !is_list(frame) && (losses >> unit++ & 1) != 0;
            if (!lost) REQUIRE(viewer.take(frame) == Verdict::kStored);
            lost_shards += lost && is_shard(frame) ? 1 : 0;
          }
          REQUIRE(unit == lossy);
          const bool enough = std::popcount(losses) <= parity;
          REQUIRE(viewer.has_all(publisher) == (enough || lost_shards == 0));
          REQUIRE(viewer.verifier.stats().regenerated == (enough ? static_cast<std::uint64_t>(lost_shards) : 0));
        }
      }
}

TEST_CASE("regeneration: in any order of arrival") {
  crypto::ChaChaRng rng(4);
  for (int round = 0; round < 40; ++round) {
    const SourceConfig config =
        config_of(static_cast<std::uint8_t>(2 + rng.below(20)), static_cast<std::uint8_t>(1 + rng.below(3)));
    Publisher publisher(config);
    publish_all_kinds(publisher);
    Frames frames = publisher.take_frames();
    // One of each block's shards, or of its parity, is lost.
    for (std::size_t i = 0; i < publisher.store.blocks().size(); ++i) {
      const Block& block = publisher.store.blocks().at(i);
      const std::uint64_t lost = block.first + rng.below(block.count + 1u);
      std::erase_if(frames, [&](const ByteVector& frame) {
        if (is_list(frame)) return false;
        if (is_shard(frame)) return sequence_of(frame) == lost && lost < block.end();
        const auto parity = wire::parse_parity(frame);
        return lost == block.end() && parity->first(block.first) == block.first && parity->index == 0;
      });
    }
    for (std::size_t i = frames.size() - 1; i > 0; --i) std::swap(frames[i], frames[rng.below(i + 1)]);
    Viewer viewer(config);
    for (const ByteVector& frame : frames) {
      const Verdict verdict = viewer.take(frame);
      REQUIRE(verdict != Verdict::kForged);
      REQUIRE(verdict != Verdict::kStale);
      REQUIRE(viewer.verifier.forgers().empty());
    }
    REQUIRE(viewer.has_all(publisher));
  }
}

TEST_CASE("regeneration: private streams, which nobody on the way can read") {
  SourceConfig config = source_config();
  config.content_secret = crypto::SymmetricKey{1, 2, 3};
  Publisher publisher(config);
  publisher.burst(32, kStart);
  Viewer viewer(config);
  for (const ByteVector& frame : publisher.take_frames())
    if (!is_shard(frame) || sequence_of(frame) % 16 != 7) viewer.take(frame);
  CHECK(viewer.has_all(publisher));
  CHECK(viewer.verifier.stats().regenerated == 2);
}

TEST_CASE("regeneration: parity ahead of its list is held, names no shard to ask a list for, and makes nothing") {
  Publisher publisher;
  for (int i = 0; i < 16; ++i) publisher.burst(1, kStart + milliseconds(5 * i));
  const Frames frames = publisher.take_frames();  // 16 shards, a list, a parity
  REQUIRE(frames.size() == 18);
  Viewer viewer;
  for (std::size_t i = 1; i < 16; ++i) REQUIRE(viewer.take(frames[i]) == Verdict::kStored);
  CHECK(viewer.take(frames[17], 3) == Verdict::kHeld);
  CHECK(viewer.take(frames[17], 3) == Verdict::kDuplicate);
  CHECK(viewer.take(flipped(frames[17], 500), 4) == Verdict::kHeld);
  CHECK(viewer.store.find(0) == nullptr);
  CHECK(viewer.store.blocks().size() == 0);
  CHECK(viewer.verifier.lacks_list() == UINT64_MAX);
  CHECK_FALSE(viewer.verifier.holds(0));
  SECTION("the list frees it, and convicts who sent a wrong one") {
    CHECK(viewer.take(frames[16]) == Verdict::kStored);
    CHECK(viewer.stored() == Sequences{0});
    CHECK(viewer.regenerated() == Sequences{0});
    REQUIRE(viewer.verifier.stored_parity().size() == 1);
    CHECK(viewer.verifier.stored_parity()[0] == ParityId{0, 0});
    REQUIRE(viewer.verifier.forgers().size() == 1);
    CHECK(viewer.verifier.forgers()[0] == 4);
    CHECK(viewer.has_all(publisher));
    CHECK(viewer.take(frames[16]) == Verdict::kDuplicate);
    CHECK(viewer.verifier.next_deadline() == kNever);
  }
  SECTION("not for long") {
    viewer.now += Verifier::kHoldTime;
    viewer.verifier.handle_deadline(viewer.now);
    CHECK(viewer.verifier.stats().held_dropped == 2);
    CHECK(viewer.take(frames[16]) == Verdict::kStored);
    CHECK(viewer.stored().empty());
    CHECK(viewer.take(frames[17]) == Verdict::kStored);
    CHECK(viewer.has_all(publisher));
  }
}

TEST_CASE("regeneration: a listed shard whose list has not come waits for it") {
  // A block of which some are in one batch and some in another, whose list proves the parity.
  Publisher publisher;
  publisher.burst(1, kStart);
  publisher.burst(9, kStart);
  publisher.burst(10, kStart + milliseconds(5));
  const Frames frames = publisher.take_frames();
  REQUIRE(frames.size() == 1 + 9 + 10 + 2 + 1);
  REQUIRE(is_list(frames[1]));
  REQUIRE(is_list(frames[11]));
  Viewer viewer;
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (i != 1 && i != 2) viewer.take(frames[i]);  // all but the first list and shard 1
  CHECK(viewer.store.blocks().find(ParityId{0, 0}) != nullptr);
  CHECK(viewer.verifier.stats().regenerated == 0);
  CHECK(viewer.take(frames[1]) == Verdict::kStored);
  CHECK(viewer.stored() == Sequences{2, 3, 4, 5, 6, 7, 8, 9, 1});
  CHECK(viewer.regenerated() == Sequences{1});
  CHECK(viewer.has_all(publisher));
}

TEST_CASE("regeneration: no parity frame or list with a wrong bit is ever stored, or makes anything") {
  Publisher publisher;
  for (int i = 0; i < 16; ++i) publisher.source.push(ts_packets(publisher.rng, 1), kStart + milliseconds(5 * i));
  const Frames frames = publisher.take_frames();
  REQUIRE(frames.size() == 18);
  const ByteVector& list = frames[16];
  const ByteVector& parity = frames[17];
  for (std::size_t bit = 0; bit < 8 * list.size(); ++bit) {
    Viewer viewer;
    REQUIRE(viewer.take(flipped(list, bit)) != Verdict::kStored);
    REQUIRE(viewer.store.blocks().size() == 0);
  }
  Viewer viewer;
  for (std::size_t i = 1; i < 17; ++i) REQUIRE(viewer.take(frames[i]) == Verdict::kStored);
  for (std::size_t bit = 0; bit < 8 * parity.size(); ++bit) {
    const Verdict verdict = viewer.take(flipped(parity, bit), 9);
    REQUIRE(verdict != Verdict::kStored);
    // It may pretend to be of another block, or another kind of frame.
    REQUIRE((verdict == Verdict::kForged || bit < 40));
    REQUIRE(viewer.store.find(0) == nullptr);
    viewer.now += Verifier::kHoldTime;
    viewer.verifier.handle_deadline(viewer.now);
  }
  CHECK(viewer.take(parity) == Verdict::kStored);
  CHECK(viewer.has_all(publisher));
}

TEST_CASE("regeneration: parity that cannot be of this run is forged, and shards on a wrong stripe") {
  Viewer viewer;
  ByteVector parity(200);
  const auto take = [&](std::uint64_t first, int index, int count) {
    wire::write_parity_header(parity, first, static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(count));
    return viewer.take(parity);
  };
  CHECK(take(0, 0, 16) == Verdict::kHeld);
  CHECK(take(0, 1, 16) == Verdict::kForged);  // there is one
  CHECK(take(0, 0, 17) == Verdict::kForged);
  CHECK(take(15, 0, 2) == Verdict::kForged);
  CHECK(take(15, 0, 1) == Verdict::kHeld);
  CHECK(take(Verifier::kJumpMax, 0, 16) == Verdict::kStale);
  viewer.store.restart(32);
  CHECK(take(16, 0, 16) == Verdict::kStale);
  viewer.store.restart(31);
  CHECK(take(16, 0, 16) == Verdict::kHeld);

  Viewer none(config_of(16, 0));
  CHECK(none.take(parity) == Verdict::kForged);
  Viewer whole(config_of(1, 3));
  CHECK(whole.take(parity) == Verdict::kForged);

  Publisher publisher(config_of(15, 1));
  publisher.burst(1, kStart);
  publisher.burst(20, kStart);
  for (const ByteVector& frame : publisher.take_frames()) {
    if (!is_shard(frame)) continue;
    const Verdict verdict = viewer.take(frame);
    CHECK((verdict == Verdict::kForged || verdict == Verdict::kStale));
  }
  viewer.store.restart(0);
  CHECK(viewer.take(publisher.store.at(15).frame.bytes()) == Verdict::kForged);
}

TEST_CASE("regeneration: the newest blocks only") {
  Publisher publisher;
  Viewer viewer;
  Instant now = kStart;
  ByteVector old_parity;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < Blocks::kBlocksMax + 10; ++i, now += milliseconds(10)) {
    publisher.burst(16, now);
    for (const ByteVector& frame : publisher.take_frames()) {
      if (is_parity(frame) && i < 2) {
        old_parity = frame;
      } else if (is_shard(frame) && sequence_of(frame) % 16 == i % 16) {
        ++lost;
      } else {
        REQUIRE(viewer.take(frame) == Verdict::kStored);
      }
    }
  }
  CHECK(viewer.store.blocks().size() == Blocks::kBlocksMax);
  CHECK(viewer.verifier.stats().regenerated == lost - 2);
  CHECK(viewer.take(old_parity) == Verdict::kStale);
}

TEST_CASE("regeneration: a joiner's first block, and one that falls out of the store") {
  Publisher publisher;
  publisher.burst(32, kStart);
  const Frames frames = publisher.take_frames();
  Viewer viewer;
  viewer.store.restart(10);
  for (const ByteVector& frame : frames)
    if (!is_shard(frame) || sequence_of(frame) != 12) viewer.take(frame);
  CHECK(viewer.store.find(12) == nullptr);  // ten more are missing
  CHECK(viewer.verifier.stats().regenerated == 0);

  Viewer second;
  second.store.restart(1);
  for (const ByteVector& frame : frames) second.take(frame);
  CHECK(second.verifier.stats().regenerated == 0);  // shard 0 could be, but nobody wants it
  CHECK(second.store.tail() == 1);
}

TEST_CASE("regeneration: nothing of an old run goes into the next") {
  Publisher old_run(source_config(true, kEpoch - 1'000));
  old_run.rng.u64();  // other bytes
  old_run.burst(32, kStart);
  const Frames old_frames = old_run.take_frames();
  Viewer viewer(source_config(true, kEpoch - 1'000));
  for (std::size_t i = 0; i < 17; ++i) REQUIRE(viewer.take(old_frames[i]) == Verdict::kStored);
  viewer.verifier.begin_epoch(kEpoch, 0, kStripes, kParity);
  viewer.store.restart(0);
  CHECK(viewer.store.blocks().size() == 0);
  CHECK(viewer.take(old_frames[17], 5) == Verdict::kHeld);  // it does not say of which run it is
  Publisher publisher;
  publisher.burst(32, kStart);
  const Frames frames = publisher.take_frames();
  CHECK(viewer.take(frames[0]) == Verdict::kStored);
  CHECK(viewer.verifier.forgers().empty());  // an honest neighbour's, so soon after the change
  CHECK(viewer.take(old_frames[17], 5) == Verdict::kStale);
  for (std::size_t i = 2; i < frames.size(); ++i) CHECK(viewer.take(frames[i]) == Verdict::kStored);
  CHECK(viewer.has_all(publisher));
  viewer.now += Verifier::kEpochGrace;
  CHECK(viewer.take(old_frames[0]) == Verdict::kStale);
}

TEST_CASE("regeneration: a publisher that signs parity of something else breaks the block, once, and nothing more") {
  const crypto::SymmetricKey salt = wire::leaf_salt(stream_keys().public_key, kEpoch);
  Publisher publisher;
  for (int i = 0; i < 16; ++i) publisher.burst(1, kStart + milliseconds(5 * i));
  const Frames frames = publisher.take_frames();
  const auto lie = [&](std::size_t symbol_bytes, std::uint8_t head) {
    ByteVector parity(wire::kParityHeaderBytes + symbol_bytes, head);
    wire::write_parity_header(parity, 0, 0, 16);
    wire::ParityProof proof{0, 0, 16, {}};
    proof.leaf = crypto::sodium_suite().leaf_hash(wire::parity_leaf_header(0, 0, 16),
                                                  Bytes{parity}.subspan(wire::kParityHeaderBytes), salt);
    Viewer viewer;
    REQUIRE(viewer.take(signed_list(16, {}, {proof})) == Verdict::kStored);
    REQUIRE(viewer.take(parity) == Verdict::kStored);
    for (std::size_t i = 0; i < 15; ++i) REQUIRE(viewer.take(frames[i]) == Verdict::kStored);
    CHECK(viewer.verifier.stats().blocks_broken == 1);
    CHECK(viewer.verifier.stats().regenerated == 0);
    const std::uint64_t signatures = viewer.verifier.stats().signatures;
    viewer.take(parity);
    viewer.take(frames[0]);
    CHECK(viewer.verifier.stats().signatures == signatures);
    CHECK(viewer.take(frames[15]) == Verdict::kStored);
    CHECK(viewer.has_all(publisher));
  };
  lie(7, 1);         // shorter than the shards
  lie(1'198, 0);     // may be a symbol, may be not
  lie(1'386, 0xf0);  // longer than any

  // Entries that the run cannot have are passed over.
  Viewer viewer;
  const wire::ParityProof wrong[] = {{8, 0, 16, {}}, {0, 2, 16, {}}, {0, 0, 17, {}}};
  CHECK(viewer.take(signed_list(30, {}, {wrong[0], wrong[1], wrong[2]})) == Verdict::kStored);
  CHECK(viewer.store.blocks().size() == 0);
  CHECK(viewer.store.head() == 30);
}
