// The whole of the stream layer: a source, a network that loses, repeats and reorders, verifiers, playout.

#include "libcore/base/reader.h"
#include "libcore/stream/content_key.h"
#include "libcore/stream/playout.h"
#include "libcore/stream/verifier.h"
#include "tests/catch.h"
#include "tests/unit/stream/publisher.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

struct Viewer {
  Viewer(const SourceConfig& config, std::optional<Duration> latency, std::uint64_t first = 0)
      : verifier(config.key.public_key, crypto::sodium_suite(), pool, store), playout(latency) {
    verifier.begin_epoch(config.epoch, 0, config.stripes, config.parity);
    store.restart(first);
    playout.start(first, first, kStart);
  }

  void take(Bytes bytes, Instant now) {
    Buffer frame = pool.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.writable().begin());
    REQUIRE(verifier.take(std::move(frame), 1, now) != Verdict::kForged);
  }
  void play(std::optional<std::uint64_t> media_now, Instant now) {
    while (const auto item = playout.poll(store, media_now, now)) {
      append(output, item->shard->payload());
      played.push_back(item->sequence);
    }
  }

  BufferPool pool;
  Store store;
  Verifier verifier;
  Playout playout;
  ByteVector output;
  std::vector<std::uint64_t> played;
};

// Input that grows in pushes of any size at any times; returns what was pushed.
ByteVector publish_randomly(Publisher& publisher, bool mpeg_ts, Rng& rng) {
  ByteVector all;
  Instant now = kStart;
  for (int i = 0; i < 150; ++i) {
    const std::size_t packets = 1 + static_cast<std::size_t>(rng.below(rng.below(10) == 0 ? 400 : 10));
    const ByteVector input = mpeg_ts ? ts_packets(rng, packets) : random_bytes(rng, packets * 100);
    publisher.source.push(input, now);
    append(all, input);
    const Instant next = now + std::chrono::microseconds(rng.below(4'000));
    while (publisher.source.next_deadline() <= next) publisher.source.handle_deadline(publisher.source.next_deadline());
    now = next;
  }
  publisher.source.end(now);
  return all;
}

// Loses, repeats, and moves frames up to a window's length.
std::vector<ByteVector> shaken(const std::vector<ByteVector>& frames, double loss, Rng& rng) {
  std::vector<ByteVector> result;
  for (const ByteVector& frame : frames) {
    if (rng.unit() < loss) continue;
    result.push_back(frame);
    if (rng.below(20) == 0) result.push_back(frame);
  }
  for (std::size_t i = 0; i + 1 < result.size(); ++i)
    std::swap(result[i],
              result[i + static_cast<std::size_t>(rng.below(std::min<std::uint64_t>(20, result.size() - i)))]);
  return result;
}

}  // namespace

TEST_CASE("pipeline: a publisher writes what the independent implementation does, and a viewer takes it") {
  const auto field = [](const char* name) { return tests::stream_vector("private_run", name); };
  const std::uint64_t first = Reader(field("first")).u64();
  const std::uint64_t media_us = Reader(field("media_us")).u48();
  SourceConfig config;
  config.key = crypto::stream_key_pair(tests::to_array<32>(field("seed")));
  config.epoch = Reader(field("epoch")).u64();
  config.content_secret = tests::to_array<32>(field("content_secret"));
  config.stripes = 4;
  config.parity = 2;
  CHECK(config.key.public_key.bytes == tests::to_array<32>(field("stream")));

  Publisher publisher(config, first);
  const Instant now = kStart + std::chrono::microseconds(media_us);
  publisher.source.push(field("first_input"), now);
  publisher.source.push(field("second_input"), now + milliseconds(1));
  const std::vector<ByteVector> frames = {field("shard_0"), field("list"),     field("shard_1"),
                                          field("shard_2"), field("parity_0"), field("parity_1")};
  CHECK(publisher.take_frames() == frames);
  const auto info = [&](Duration later) {
    const wire::StreamInfo said = publisher.source.info(now + later);
    return wire::sign_stream_info(said, config.key, crypto::sodium_suite());
  };
  CHECK(std::ranges::equal(info(milliseconds(2)), field("info")));
  publisher.source.end(now + milliseconds(3));
  CHECK(std::ranges::equal(info(milliseconds(3)), field("last_info")));

  const auto read = wire::verify_stream_info(field("last_info"), config.key.public_key, crypto::sodium_suite());
  REQUIRE(read);
  for (const std::size_t lost : {0u, 2u}) {  // shards, which the parity gives back
    Viewer viewer(config, Duration::zero());
    viewer.verifier.begin_epoch(read->epoch, read->media_us, read->stripes, read->parity);
    viewer.store.restart(first);
    viewer.playout.start(first, first, now);
    viewer.take(frames[0], now);
    viewer.take(frames[1], now);
    for (std::size_t i = 2 + lost; i < frames.size(); ++i) viewer.take(frames[i], now);
    viewer.play(std::nullopt, now);
    REQUIRE(viewer.played == std::vector<std::uint64_t>{first, first + 1, first + 2});
    CHECK(std::ranges::equal(viewer.store.at(first + 1).frame.bytes(), frames[2]));
    CHECK(std::ranges::equal(viewer.store.at(first + 2).frame.bytes(), frames[3]));
  }
}

TEST_CASE("pipeline: the same bytes come out, in order, over a path that loses nothing") {
  crypto::ChaChaRng rng(1);
  const bool mpeg_ts = GENERATE(true, false);
  const bool is_private = GENERATE(false, true);
  SourceConfig config = source_config(mpeg_ts);
  if (is_private) config.content_secret = crypto::SymmetricKey{1, 2, 3};
  Publisher publisher(config);
  const ByteVector input = publish_randomly(publisher, mpeg_ts, rng);
  Viewer viewer(config, Duration::zero());
  for (const ByteVector& frame : publisher.take_frames()) {
    viewer.take(frame, kStart);
    viewer.play(std::nullopt, kStart);
  }
  if (is_private) {
    CHECK(viewer.output != input);
    viewer.output.clear();
    const crypto::SymmetricKey key = content_key(*config.content_secret, config.epoch);
    for (std::uint64_t i = 0; i < viewer.store.head(); ++i) {
      const Bytes payload = viewer.store.at(i).payload();
      ByteVector text(payload.begin(), payload.end());
      crypto::sodium_suite().xor_stream(text, key, i);
      append(viewer.output, text);
    }
  }
  CHECK(viewer.output == input);
  CHECK(viewer.playout.lost() == 0);
  CHECK(viewer.verifier.stats().signatures == publisher.source.stats().signatures);
}

namespace {

// All frames again and again, each time less what the path loses, until that much has come out.
void play_with_repairs(Viewer& viewer, const std::vector<ByteVector>& frames, std::size_t bytes,
                       crypto::ChaChaRng& rng) {
  Instant now = kStart;
  for (int pass = 0; pass < 30 && viewer.output.size() < bytes; ++pass) {
    for (const ByteVector& frame : shaken(frames, 0.3, rng)) {
      now += std::chrono::microseconds(100);
      viewer.take(frame, now);
      viewer.verifier.handle_deadline(now);
      viewer.play(0, now);
    }
  }
}

}  // namespace

TEST_CASE("pipeline: with repairs every byte comes out, whatever the path loses, repeats and reorders") {
  crypto::ChaChaRng rng(2);
  for (int round = 0; round < 10; ++round) {
    Publisher publisher;
    const ByteVector input = publish_randomly(publisher, true, rng);
    const std::vector<ByteVector> frames = publisher.take_frames();
    Viewer viewer(source_config(), std::nullopt);
    play_with_repairs(viewer, frames, input.size(), rng);
    REQUIRE(viewer.output == input);
    REQUIRE(viewer.playout.lost() == 0);
  }
}

TEST_CASE(
    "R13: pipeline: with repairs every byte comes out where the numbers of shards pass 2^24, 2^32, or near their end") {
  crypto::ChaChaRng rng(2);
  // Parity names its block by 24 bits, a shard itself by 32; verifiers take none from 2^62 on.
  const std::uint64_t end =
      GENERATE(as<std::uint64_t>{}, std::uint64_t{1} << 24, std::uint64_t{1} << 32,
               (std::uint64_t{1} << 32) + (std::uint64_t{1} << 24), Verifier::kSequenceEnd - 200'000);
  const std::uint64_t first = end - 992;  // a block's first
  Publisher publisher(source_config(), first);
  ByteVector input;
  while (publisher.store.head() < end + 1'000) {
    const ByteVector more = ts_packets(rng, 1 + rng.below(100));
    append(input, more);
    publisher.source.push(more, kStart + milliseconds(publisher.store.head() - first));
  }
  publisher.source.end(kStart + milliseconds(publisher.store.head() - first));
  const std::vector<ByteVector> frames = publisher.take_frames();
  Viewer viewer(source_config(), std::nullopt, first);
  play_with_repairs(viewer, frames, input.size(), rng);
  CHECK(viewer.output == input);
  CHECK(viewer.playout.lost() == 0);
  CHECK(viewer.verifier.stats().signatures > 0);
}

TEST_CASE("pipeline: without repairs what comes out is in order, right, and all but what was lost") {
  crypto::ChaChaRng rng(3);
  for (int round = 0; round < 10; ++round) {
    Publisher publisher;
    publish_randomly(publisher, true, rng);
    Viewer viewer(source_config(), Duration(milliseconds(round % 2 == 0 ? 0 : 20)));
    Instant now = kStart;
    for (const ByteVector& frame : shaken(publisher.take_frames(), 0.1, rng)) {
      now += std::chrono::microseconds(300);
      viewer.take(frame, now);
      viewer.play(std::nullopt, now);
    }
    viewer.play(std::nullopt, now + std::chrono::hours(1));
    ByteVector expected;
    for (const std::uint64_t sequence : viewer.played) append(expected, publisher.store.at(sequence).payload());
    REQUIRE(viewer.output == expected);
    REQUIRE(std::is_sorted(viewer.played.begin(), viewer.played.end()));
    REQUIRE(viewer.played.size() + viewer.playout.lost() == viewer.playout.next());
    REQUIRE(viewer.played.size() > publisher.store.head() / (round % 2 == 0 ? 10 : 2));
  }
}

TEST_CASE("pipeline: what a viewer has proven proves itself to the next one") {
  crypto::ChaChaRng rng(4);
  Publisher publisher;
  const ByteVector input = publish_randomly(publisher, true, rng);
  Viewer first(source_config(), Duration::zero());
  Viewer second(source_config(), Duration::zero());
  for (const ByteVector& frame : shaken(publisher.take_frames(), 0, rng)) first.take(frame, kStart);
  REQUIRE(first.store.next_absent(0) == first.store.head());
  for (std::uint64_t i = 0; i < first.store.head(); ++i) {
    const StoredShard& shard = first.store.at(i);
    if (shard.list) second.take(shard.list.bytes(), kStart);
    second.take(shard.frame.bytes(), kStart);
    second.play(std::nullopt, kStart);
  }
  CHECK(second.output == input);
}

TEST_CASE("pipeline: a joiner's output begins with the tables in front of a keyframe") {
  Publisher publisher;
  Instant now = kStart;
  std::uint64_t newest = 0;
  for (int frame = 0; frame < 100; ++frame, now += milliseconds(20)) {
    ByteVector input;
    if (frame % 25 == 0) {
      newest = publisher.store.head();
      append(input, pat_packet(publisher.rng));
      append(input, ts_packet(publisher.rng, 0x1000, true));
      append(input, random_access_packet(publisher.rng));
    }
    append(input, ts_packets(publisher.rng, 60));
    publisher.source.push(input, now);
  }
  const std::uint64_t start = publisher.store.start_for_joiner();
  CHECK(start == newest);
  CHECK(TsPacket(publisher.store.at(start).payload().first(kTsPacketBytes)).starts_pat());
}

TEST_CASE("pipeline: a steady state takes no new memory for buffers") {
  Publisher publisher;
  Viewer viewer(source_config(), Duration::zero());
  Instant now = kStart;
  std::size_t publisher_blocks = 0;
  std::size_t viewer_blocks = 0;
  for (int i = 0; i < 1'200; ++i, now += milliseconds(10)) {
    publisher.burst(30, now);
    for (const ByteVector& frame : publisher.take_frames()) viewer.take(frame, now);
    viewer.play(std::nullopt, now);
    viewer.output.clear();
    if (i == 700) {
      publisher_blocks = publisher.pool.blocks_allocated();
      viewer_blocks = viewer.pool.blocks_allocated();
    }
  }
  CHECK(publisher.store.head() > 2 * Store::kSlots);
  CHECK(publisher.pool.blocks_allocated() == publisher_blocks);
  CHECK(viewer.pool.blocks_allocated() == viewer_blocks);
}
