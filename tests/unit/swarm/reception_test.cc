#include "libcore/swarm/reception.h"

#include "libcore/stream/content_key.h"
#include "tests/catch.h"
#include "tests/unit/swarm/broadcast.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kRtt = milliseconds(20);
constexpr Duration kTimeout = milliseconds(50);
const Reception::From kParent{1, wire::kAllStripes, kRtt};
constexpr session::SessionId kParentSession{1, 0};

struct Viewer {
  explicit Viewer(const JoinConfig& config = join_config({}))
      : reception(config, crypto::sodium_suite(), pool, store) {}

  stream::Verdict take(Bytes bytes, Instant now) { return take(bytes, kParent, now); }
  stream::Verdict take(Bytes bytes, const Reception::From& from, Instant now) {
    Buffer frame = pool.take(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.writable().begin());
    const auto verdict = reception.take(std::move(frame), from, std::nullopt, now);
    play(now);
    return verdict;
  }
  void play(Instant now) {
    while (const auto output = reception.next_output(std::nullopt, now)) {
      played.insert(played.end(), output->bytes.begin(), output->bytes.end());
      discontinuities += output->discontinuity ? 1 : 0;
    }
  }
  std::vector<std::uint64_t> requested(Instant now) {
    std::vector<std::uint64_t> all;
    const auto choose = [](std::uint64_t, unsigned) { return std::optional(RepairTarget{kParentSession, kTimeout}); };
    while (const auto due = reception.next_request(choose, now))
      for (const auto& range : due->request.ranges)
        for (std::uint64_t i = 0; i < range.count; ++i) all.push_back(due->request.base + range.offset + i);
    return all;
  }

  BufferPool pool;
  stream::Store store;
  Reception reception;
  ByteVector played;
  int discontinuities = 0;
};

struct Fixture {
  explicit Fixture(const JoinConfig& config = join_config({})) : viewer(config) {
    REQUIRE(viewer.reception.on_info(publisher.info(now), now) == Reception::InfoResult::kNewRun);
    for (int i = 0; i < 10; ++i, now += milliseconds(20)) publisher.publish(now);
    now = kStart;
    viewer.reception.start(0, std::nullopt, now);
  }
  void take(std::uint64_t from, std::uint64_t to) {
    for (; from < to; ++from) CHECK(viewer.take(publisher.frame(from), now) == stream::Verdict::kStored);
  }

  Broadcast publisher;
  Viewer viewer;
  Instant now = kStart;
};

JoinConfig relay_config() {
  JoinConfig config = join_config({});
  config.output = false;
  return config;
}

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("reception: the lost end of a burst is asked for because its list announced it", "[swarm]") {
  Fixture f;
  f.now += seconds(1);
  const std::uint64_t first = f.publisher.store.head();
  f.publisher.source->push(ByteVector(30 * wire::kPayloadBytes, 1), f.now);  // one list
  const stream::StoredShard& shard = f.publisher.store.at(first);
  REQUIRE(shard.list);
  REQUIRE(f.publisher.store.head() == first + 30);
  f.take(0, first);
  CHECK(f.viewer.take(shard.list.bytes(), f.now) == stream::Verdict::kStored);
  f.take(first, first + 28);
  CHECK(f.viewer.requested(f.now + milliseconds(4)).empty());
  Sequences asked;
  // Nothing says that its parent has gone on to a later one, so it may be on its way yet.
  for (int ms = 0; asked.empty() && ms < 200; ++ms, f.now += milliseconds(1)) {
    f.viewer.reception.handle_deadline(f.now);
    asked = f.viewer.requested(f.now);
  }
  CHECK(asked == Sequences{first + 28, first + 29});
}

TEST_CASE("reception: lists are asked for with the shards if one of these lacks its own", "[swarm]") {
  const bool has_both = GENERATE(false, true);
  Fixture f;
  f.now += seconds(1);
  const std::uint64_t first = f.publisher.store.head();
  for (int i = 0; i < 2; ++i) {  // a list each
    f.publisher.source->push(ByteVector(30 * wire::kPayloadBytes, 1), f.now);
    f.now += seconds(1);
  }
  REQUIRE(f.publisher.store.head() == first + 60);
  REQUIRE(f.publisher.store.at(first + 30).list_first == first + 30);
  f.take(0, first);
  CHECK(f.viewer.take(f.publisher.store.at(first).list.bytes(), f.now) == stream::Verdict::kStored);
  if (has_both) f.viewer.take(f.publisher.store.at(first + 30).list.bytes(), f.now);
  f.take(first, first + 29);
  f.viewer.reception.on_head(first + 31, f.now);  // the last of one list and the first of another are missing
  const auto choose = [](std::uint64_t, unsigned) { return std::optional(RepairTarget{kParentSession, kTimeout}); };
  const auto due = f.viewer.reception.next_request(choose, f.now + seconds(1));
  REQUIRE(due);
  CHECK(due->request.base == first + 29);
  CHECK(due->request.ranges[0].count == 2);
  using Kind = wire::RepairRequest::Kind;
  CHECK(due->request.kind == (has_both ? Kind::kShards : Kind::kShardsWithLists));
}

TEST_CASE("reception: to join in mid-stream is no outage", "[swarm]") {
  Broadcast publisher;
  Instant now = kStart;
  for (int i = 0; i < 100; ++i, now += milliseconds(20)) publisher.publish(now);
  const std::uint64_t first = publisher.store.head() / 2;
  Viewer viewer;
  REQUIRE(viewer.reception.on_info(publisher.info(now), now) == Reception::InfoResult::kNewRun);
  viewer.reception.start(first, std::nullopt, now);
  for (std::uint64_t s = first; s < publisher.store.head(); ++s) {
    CHECK(viewer.take(publisher.frame(s), now) == stream::Verdict::kStored);
    CHECK(viewer.reception.latency() <= stream::Playout::kAutoCeiling);
    now += milliseconds(20);
  }
}

TEST_CASE("reception: a gap is asked for, filled, and played in order", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(5, 6);
  CHECK(f.viewer.played.size() == 300);
  CHECK(f.viewer.reception.next() == 3);
  CHECK(f.viewer.reception.seen() == 6);
  CHECK(f.viewer.requested(f.now).empty());
  f.now = f.viewer.reception.next_deadline(true, true);
  CHECK(f.viewer.requested(f.now) == Sequences{3, 4});
  f.now += kRtt;
  f.take(3, 5);
  CHECK(f.viewer.reception.stats().repaired == 2);
  CHECK(f.viewer.reception.missed() == 2);
  CHECK(f.viewer.reception.next() == 6);
  CHECK(f.viewer.played.size() == 600);
  CHECK(f.viewer.played[350] == 3);
  CHECK(f.viewer.discontinuities == 0);
  CHECK(f.viewer.requested(f.now + seconds(1)).empty());
}

TEST_CASE("reception: the loss of a burst's end shows by the parent's head", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.viewer.reception.on_head(5, f.now);
  CHECK(f.viewer.requested(f.now + milliseconds(5)) == Sequences{3, 4});
  f.viewer.reception.on_head(4, f.now);  // an old one
  CHECK(f.viewer.reception.seen() == 5);
}

TEST_CASE("reception: P18: an implausible head is ignored", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  for (const std::uint64_t head : {UINT64_MAX, UINT64_MAX - 5, std::uint64_t{1} << 62, std::uint64_t{20'000}})
    f.viewer.reception.on_head(head, f.now);
  CHECK(f.viewer.reception.seen() == 3);
  f.take(3, 10);
  CHECK(f.viewer.played.size() == 1'000);
}

TEST_CASE("reception: many plausible heads do not add up to an implausible one", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  for (int i = 0; i < 1'000; ++i)
    f.viewer.reception.on_head(f.viewer.reception.seen() + stream::Verifier::kJumpMax, f.now);
  f.take(3, 10);
  CHECK(f.viewer.played.size() == 1'000);
}

TEST_CASE("reception: while nothing is taken from it, a gap's deadline is none", "[swarm]") {
  JoinConfig config = join_config({});
  config.latency = milliseconds(50);
  Fixture f(config);
  f.take(0, 3);
  f.take(4, 6);  // a gap that playout waits for
  f.viewer.play(f.now);
  CHECK(f.viewer.reception.next_deadline(false, true) < kNever);
  CHECK(f.viewer.reception.next_deadline(false, false) == kNever);
}

TEST_CASE("reception: what was published before it joined is waited for longer", "[swarm]") {
  Broadcast publisher;
  for (int i = 0; i < 10; ++i) publisher.publish(kStart);
  Viewer viewer(relay_config());
  REQUIRE(viewer.reception.on_info(publisher.info(kStart), kStart) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, kStart);
  for (const std::uint64_t s : {0u, 5u}) viewer.take(publisher.frame(s), kStart);  // from 1 on it may come beside
  CHECK(viewer.requested(kStart + 10 * Gaps::kGuardMin).empty());
  CHECK(viewer.requested(kStart + seconds(10)) == Sequences{1, 2, 3, 4});
}

TEST_CASE("reception: a new parent's backlog is not asked for while it is on its way, but in time", "[swarm]") {
  Broadcast publisher;
  for (int i = 0; i < 40; ++i) publisher.publish(kStart);
  Viewer viewer(relay_config());
  REQUIRE(viewer.reception.on_info(publisher.info(kStart), kStart) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, kStart);
  const Reception::From first{1, bit(0), kRtt};
  for (const std::uint64_t s : {0u, 16u, 32u}) viewer.take(publisher.frame(s), first, kStart);
  viewer.reception.on_new_parent(wire::kAllStripes & ~bit(0), kStart + milliseconds(100));
  CHECK(viewer.requested(kStart + milliseconds(750)).empty());
  for (std::uint64_t s = 0; s < 40; ++s)
    if (s % 16 != 0 && s != 5) viewer.take(publisher.frame(s), kStart + milliseconds(760));
  CHECK(viewer.requested(kStart + stream::Playout::kBacklogWait - milliseconds(500)) == Sequences{5});
}

TEST_CASE("reception: a relay asks for what its backlog lacks before it gives it up", "[swarm]") {
  Broadcast publisher;
  for (int i = 0; i < 10; ++i) publisher.publish(kStart);
  Viewer viewer(relay_config());
  REQUIRE(viewer.reception.on_info(publisher.info(kStart), kStart) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, kStart);
  for (const std::uint64_t s : {0u, 5u}) viewer.take(publisher.frame(s), kStart);
  Sequences asked;
  for (Instant now = kStart; asked.empty() && now < kStart + seconds(10); now += milliseconds(10)) {
    asked = viewer.requested(now);
    viewer.reception.handle_deadline(now);
  }
  CHECK(asked == Sequences{1, 2, 3, 4});
}

TEST_CASE("reception: an announced hole is waited for no more", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(5, 7);
  f.viewer.reception.on_hole({3, 2}, true, f.now);
  f.viewer.play(f.now);
  CHECK(f.viewer.reception.next() == 7);
  CHECK(f.viewer.played.size() == 500);
  CHECK(f.viewer.discontinuities == 1);
  CHECK(f.viewer.reception.lost() == 2);
  CHECK(f.viewer.requested(f.now + seconds(1)).empty());
  f.viewer.reception.on_hole({0, 65'535}, true, f.now);  // what is here stays here
  CHECK(f.viewer.store.at(6).present());
}

TEST_CASE("reception: a hole that others may fill is asked for at once, elsewhere, and not given up", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(5, 7);
  f.now = f.viewer.reception.next_deadline(true, true);
  REQUIRE(f.viewer.requested(f.now) == Sequences{3, 4});
  REQUIRE(f.viewer.requested(f.now).empty());
  f.viewer.reception.on_hole({4, 1}, false, f.now);
  std::vector<std::pair<std::uint64_t, unsigned>> asked;
  const auto choose = [&](std::uint64_t sequence, unsigned requests) {
    asked.push_back({sequence, requests});
    return std::optional(RepairTarget{kParentSession, kTimeout});
  };
  CHECK(f.viewer.reception.next_request(choose, f.now));
  CHECK(asked == std::vector<std::pair<std::uint64_t, unsigned>>{{4, 1}});
  CHECK(f.viewer.reception.stats().given_up == 0);
  CHECK(f.viewer.reception.next() == 3);
  f.take(3, 5);
  CHECK(f.viewer.played.size() == 700);
}

TEST_CASE("reception: a relay gives a missing shard up after 3 s, and tells its children so", "[swarm]") {
  Fixture f(relay_config());
  f.take(0, 3);
  f.take(4, 6);
  f.viewer.reception.handle_deadline(f.now + Reception::kGiveUp - milliseconds(1));
  CHECK(f.viewer.reception.next() == 3);
  f.viewer.reception.handle_deadline(f.now + Reception::kGiveUp);
  CHECK(f.viewer.reception.next() == 6);
  CHECK(f.viewer.store.at(3).given_up);
  CHECK(f.viewer.reception.stats().given_up == 1);
  CHECK(f.viewer.played.empty());
}

TEST_CASE("reception: what came before the start, or again, is not taken", "[swarm]") {
  Broadcast publisher;
  for (int i = 0; i < 10; ++i) publisher.publish(kStart + i * milliseconds(20));
  Viewer viewer;
  CHECK(viewer.reception.resume_from(wire::kAllStripes) == wire::kFromNewest);
  REQUIRE(viewer.reception.on_info(publisher.info(kStart), kStart) == Reception::InfoResult::kNewRun);
  CHECK(viewer.take(publisher.frame(0), kStart) == stream::Verdict::kStale);
  viewer.reception.start(5, std::nullopt, kStart);
  CHECK(viewer.take(publisher.frame(4), kStart) == stream::Verdict::kStale);
  CHECK(viewer.take(publisher.frame(5), kStart) == stream::Verdict::kStored);
  CHECK(viewer.take(publisher.frame(5), kStart) == stream::Verdict::kDuplicate);
  CHECK(viewer.reception.duplicates() == 1);
  viewer.reception.start(0, std::nullopt, kStart);  // only the first of a run counts
  CHECK(viewer.reception.resume_from(wire::kAllStripes) == 6);
}

TEST_CASE("reception: a shard of another stream's key is forged, and counted", "[swarm]") {
  Fixture f;
  ByteVector forged = f.publisher.frame(0);
  forged.back() ^= 1;
  CHECK(f.viewer.take(forged, f.now) == stream::Verdict::kForged);
  CHECK(f.viewer.reception.stats().forged == 1);
  f.take(0, 10);
  CHECK(f.viewer.played.size() == 1'000);
}

TEST_CASE("reception: infos are believed if signed, newer, and of the newest run", "[swarm]") {
  Fixture f;
  auto& reception = f.viewer.reception;
  const auto newer = f.publisher.info(f.now + seconds(1));
  const auto newest = f.publisher.info(f.now + seconds(2));
  CHECK(reception.on_info(newest, f.now) == Reception::InfoResult::kNews);
  CHECK(reception.on_info(newest, f.now) == Reception::InfoResult::kNothingNew);
  CHECK(reception.on_info(newer, f.now) == Reception::InfoResult::kNothingNew);
  Broadcast earlier(stream::kEpoch - 1);
  CHECK(reception.on_info(earlier.info(f.now + seconds(9)), f.now) == Reception::InfoResult::kNothingNew);
  auto forged = f.publisher.info(f.now + seconds(3));
  forged[10] ^= 1;
  CHECK(reception.on_info(forged, f.now) == Reception::InfoResult::kForged);
  CHECK(reception.on_info(Bytes{newest}.first(20), f.now) == Reception::InfoResult::kForged);
  // What does not even claim to be news costs no signature check, and so is not told from a forgery.
  auto old = earlier.info(f.now + seconds(9));
  old.back() ^= 1;
  CHECK(reception.on_info(old, f.now) == Reception::InfoResult::kNothingNew);
}

TEST_CASE("reception: a run from before the least epoch is refused, whatever it says", "[swarm]") {
  JoinConfig config = join_config({});
  config.epoch_min = stream::kEpoch;
  Viewer viewer(config);
  Broadcast earlier(stream::kEpoch - 1);
  earlier.publish(kStart);
  auto forged = earlier.info(kStart);
  forged.back() ^= 1;
  CHECK(viewer.reception.on_info(forged, kStart) == Reception::InfoResult::kForged);
  CHECK_FALSE(viewer.reception.old_run_offered());
  CHECK(viewer.reception.on_info(earlier.info(kStart), kStart) == Reception::InfoResult::kNothingNew);
  CHECK(viewer.reception.old_run_offered());
  earlier.source->end(kStart + seconds(1));
  CHECK(viewer.reception.on_info(earlier.info(kStart + seconds(1)), kStart) == Reception::InfoResult::kNothingNew);
  CHECK_FALSE(viewer.reception.info());
  CHECK_FALSE(viewer.reception.finished());
  Broadcast same(stream::kEpoch);
  CHECK(viewer.reception.on_info(same.info(kStart), kStart) == Reception::InfoResult::kNewRun);
}

TEST_CASE("reception: a new run begins anew, and frames of the old one are neither taken nor held against anybody",
          "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(5, 6);
  Broadcast again(stream::kEpoch + 1);
  f.now += seconds(1);
  again.publish(f.now);
  again.publish(f.now + milliseconds(20));
  CHECK(f.viewer.reception.on_info(again.info(f.now), f.now) == Reception::InfoResult::kNewRun);
  CHECK_FALSE(f.viewer.reception.started());
  CHECK(f.viewer.requested(f.now + seconds(1)).empty());
  f.viewer.reception.start(0, std::nullopt, f.now);
  CHECK(f.viewer.take(f.publisher.frame(6), f.now) != stream::Verdict::kForged);
  f.viewer.played.clear();
  CHECK(f.viewer.take(again.frame(0), f.now) == stream::Verdict::kStored);
  CHECK(f.viewer.take(again.frame(1), f.now) == stream::Verdict::kStored);
  CHECK(f.viewer.played.size() == 200);
}

TEST_CASE("reception: a private stream needs its secret to be played, not to be relayed", "[swarm]") {
  const crypto::SymmetricKey secret{1, 2, 3};
  Broadcast publisher(stream::kEpoch, secret);
  publisher.publish(kStart);
  const auto info = publisher.info(kStart);
  JoinConfig config = join_config({});
  {
    Viewer viewer(config);
    CHECK(viewer.reception.on_info(info, kStart) == Reception::InfoResult::kWrongSecret);
    CHECK_FALSE(viewer.reception.info());
  }
  {
    config.content_secret = crypto::SymmetricKey{3, 2, 1};
    Viewer viewer(config);
    CHECK(viewer.reception.on_info(info, kStart) == Reception::InfoResult::kWrongSecret);
  }
  {
    config.content_secret = secret;
    Viewer viewer(config);
    REQUIRE(viewer.reception.on_info(info, kStart) == Reception::InfoResult::kNewRun);
    viewer.reception.start(0, std::nullopt, kStart);
    viewer.take(publisher.frame(0), kStart);
    CHECK(viewer.played == ByteVector(100, 0));
    CHECK(ByteVector(viewer.store.at(0).payload().begin(), viewer.store.at(0).payload().end()) != viewer.played);
  }
  Viewer relay(relay_config());
  REQUIRE(relay.reception.on_info(info, kStart) == Reception::InfoResult::kNewRun);
  relay.reception.start(0, std::nullopt, kStart);
  CHECK(relay.take(publisher.frame(0), kStart) == stream::Verdict::kStored);
}

TEST_CASE("reception: finished when the run has ended and nothing is left to wait for", "[swarm]") {
  Fixture f;
  f.take(0, 8);
  f.take(9, 10);
  CHECK_FALSE(f.viewer.reception.finished());
  f.publisher.source->end(f.now + seconds(1));
  CHECK(f.viewer.reception.on_info(f.publisher.info(f.now + seconds(1)), f.now) == Reception::InfoResult::kNews);
  CHECK_FALSE(f.viewer.reception.finished());
  f.viewer.reception.give_up_rest();
  f.viewer.play(f.now);
  CHECK(f.viewer.reception.finished());
  CHECK(f.viewer.played.size() == 900);
  CHECK(f.viewer.reception.lost() == 1);
}

TEST_CASE("reception: what parity brings back is not asked for", "[swarm]") {
  Broadcast publisher(stream::kEpoch, std::nullopt, {16, 1});
  Instant now = kStart;
  for (std::size_t i = 0; i < 16; ++i, now += milliseconds(5))
    publisher.source->push(ByteVector(100, static_cast<std::uint8_t>(i)), now);
  REQUIRE(publisher.store.head() == 16);
  const stream::Block* const block = publisher.store.blocks().find(0);
  REQUIRE(block != nullptr);
  Viewer viewer;
  REQUIRE(viewer.reception.on_info(publisher.info(now), now) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, now);
  for (std::uint64_t i = 0; i < 16; ++i)
    if (i != 3) CHECK(viewer.take(publisher.frame(i), now) == stream::Verdict::kStored);
  CHECK(viewer.reception.next() == 3);
  CHECK(viewer.take(block->list.bytes(), now) == stream::Verdict::kStored);
  CHECK(viewer.take(block->parity[0].bytes(), now) == stream::Verdict::kStored);
  CHECK(viewer.reception.stored_parity().size() == 1);
  CHECK(viewer.reception.next() == 16);
  CHECK(viewer.requested(now + seconds(1)).empty());
  CHECK(viewer.reception.stats().regenerated == 1);
  CHECK(viewer.reception.stats().received == 16);
  CHECK(viewer.reception.stats().bytes_in == 16 * 100);
  CHECK(viewer.reception.missed() == 0);
  CHECK(viewer.played.size() == 1'600);
}

TEST_CASE("reception: what parity may bring back is asked for only when that should have come", "[swarm]") {
  Broadcast publisher(stream::kEpoch, std::nullopt, {16, 1});
  Instant now = kStart;
  const auto before = publisher.info(now);
  for (std::size_t i = 0; i < 32; ++i, now += milliseconds(5))
    publisher.source->push(ByteVector(100, static_cast<std::uint8_t>(i)), now);
  Viewer viewer(relay_config());
  REQUIRE(viewer.reception.on_info(before, now) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, now);
  // Of two parents, stripe by stripe, or of one.
  const StripeMask odd = 0xaaaaaaaaaaaaaaaa;
  const std::array parents{Reception::From{1, ~odd, kRtt}, Reception::From{2, odd, kRtt}};
  bool one_parent = false;
  const auto take_all_but = [&](std::initializer_list<std::uint64_t> missing) {
    for (std::uint64_t i = 0; i < 20; ++i)
      if (std::count(missing.begin(), missing.end(), i) == 0)
        viewer.take(publisher.frame(i), one_parent ? kParent : parents[i % 2], now);
  };
  // When it is asked for, after it was missed.
  const auto asked_after = [&]() -> Duration {
    for (Duration d{}; d < seconds(1); d += milliseconds(1))
      if (!viewer.requested(now + d).empty()) return d;
    return seconds(1);
  };
  SECTION("one of a block: parity may do") {
    take_all_but({3});
    CHECK(asked_after() > milliseconds(10));
    CHECK(asked_after() < seconds(1));
  }
  SECTION("two of a block: it cannot") {
    take_all_but({3, 5});
    CHECK(asked_after() <= Gaps::kGuardMin + milliseconds(1));
  }
  SECTION("all comes from one, who surely has it") {
    one_parent = true;
    take_all_but({3});
    CHECK(asked_after() <= Gaps::kGuardMin + milliseconds(1));
  }
  SECTION("nobody sends us parity") {
    viewer.reception.on_no_parent(bit(16), now);
    take_all_but({3});
    CHECK(asked_after() <= Gaps::kGuardMin + milliseconds(1));
  }
}

TEST_CASE("reception: parity is waited for until it has usually come, and not at all if that is long", "[swarm]") {
  constexpr Duration spacing = milliseconds(5);
  const std::uint64_t lost_in_block = GENERATE(2u, 14u);
  CAPTURE(lost_in_block);
  Broadcast publisher(stream::kEpoch, std::nullopt, {16, 1});
  Instant now = kStart;
  Viewer viewer(relay_config());
  REQUIRE(viewer.reception.on_info(publisher.info(now), now) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, now);
  constexpr std::uint64_t kBlocks = 50;
  const std::uint64_t lost = kBlocks * 16 + lost_in_block;
  // Two parents: of one alone it would be asked for at once.
  const Reception::From most{1, ~bit(15), kRtt};
  const Reception::From last{2, bit(15), kRtt};
  Instant block_began{};
  const auto take_block = [&] {
    block_began = now;
    for (int i = 0; i < 16; ++i, now += spacing) {
      publisher.source->push(ByteVector(100, 1), now);
      const std::uint64_t sequence = publisher.store.head() - 1;
      if (sequence != lost) viewer.take(publisher.frame(sequence), sequence % 16 == 15 ? last : most, now);
      if (sequence == lost + 1) return;
    }
    const stream::Block* const block = publisher.store.blocks().find(publisher.store.head() - 16);
    REQUIRE(block != nullptr);
    viewer.take(block->list.bytes(), most, now);
    viewer.take(block->parity[0].bytes(), most, now);
  };
  for (std::uint64_t i = 0; i < kBlocks; ++i) take_block();
  take_block();
  const Instant shown = block_began + spacing * static_cast<int>(lost_in_block + 1);
  viewer.reception.on_skipped(most.neighbour, most.stripes, 7, 8, shown);  // by the number of what comes next
  Instant asked = shown;
  for (; viewer.requested(asked).empty(); asked += milliseconds(1)) viewer.reception.handle_deadline(asked);
  const Instant parity = block_began + 16 * spacing;
  if (parity - shown > milliseconds(45)) {
    CHECK(asked - shown <= milliseconds(10));
  } else {
    CHECK(asked >= parity);
    CHECK(asked <= parity + milliseconds(20) + Gaps::kRecheck);
  }
}

TEST_CASE("reception: what another stripe's parent sends says nothing of a stripe that comes later", "[swarm]") {
  // Two parents, each of half of the stripes; the second is slower.
  Fixture f(relay_config());
  const StripeMask odd = 0xaaaaaaaaaaaaaaaa;
  const Reception::From fast{1, ~odd, kRtt};
  const Reception::From slow{2, odd, kRtt};
  for (std::uint64_t i = 0; i < 10; i += 2)
    CHECK(f.viewer.take(f.publisher.frame(i), fast, f.now) == stream::Verdict::kStored);
  CHECK(f.viewer.requested(f.now + Gaps::kGuardMin).empty());
  // But what its own parent has overtaken is missing.
  CHECK(f.viewer.take(f.publisher.frame(7), slow, f.now) == stream::Verdict::kStored);
  CHECK(f.viewer.take(f.publisher.frame(9), slow, f.now) == stream::Verdict::kStored);
  CHECK(f.viewer.requested(f.now + Gaps::kGuardMin).empty());
  for (int i = 0; i < 20; ++i) f.publisher.publish(f.now + seconds(1));
  CHECK(f.viewer.take(f.publisher.frame(17), slow, f.now) == stream::Verdict::kStored);  // of the stripe of 1
  CHECK(f.viewer.requested(f.now + Gaps::kGuardMin) == Sequences{1});
}

namespace {

// One gives the even stripes, the other the odd ones.
struct TwoParents : Fixture {
  TwoParents() : Fixture(relay_config()) { now += seconds(1); }

  // What is published, a shard each 20 ms, as far as it comes.
  template <typename Comes>
  void publish_and_take(int shards, Comes comes) {
    for (int i = 0; i < shards; ++i, now += milliseconds(20)) {
      publisher.publish(now);
      for (; next < publisher.store.head(); ++next)
        if (comes(next)) viewer.take(publisher.frame(next), next % 2 == 0 ? even_parent : odd_parent, now);
      viewer.reception.handle_deadline(now);
    }
  }

  static constexpr StripeMask odd = 0xaaaaaaaaaaaaaaaa;
  static bool all(std::uint64_t /*sequence*/) { return true; }
  Reception::From even_parent{1, ~odd, kRtt};
  Reception::From odd_parent{2, odd, kRtt};
  std::uint64_t next = 0;
};

}  // namespace

TEST_CASE("reception: what should have come by a path that loses much is not waited for any longer", "[swarm]") {
  const bool loses = GENERATE(false, true);
  TwoParents f;
  f.odd_parent.loses = loses;
  f.publish_and_take(100, f.all);
  REQUIRE(f.viewer.requested(f.now).empty());
  const std::uint64_t lost = f.next | 1;
  // Until the stripe's next one, which would show it.
  f.publish_and_take(15, [&](std::uint64_t sequence) { return sequence != lost; });
  CHECK(f.viewer.requested(f.now) == (loses ? Sequences{lost} : Sequences{}));
}

TEST_CASE("reception: what a parent owes that has lost a datagram is asked for before its stripe goes on", "[swarm]") {
  TwoParents f;
  f.publish_and_take(100, f.all);
  const std::uint64_t lost = f.next | 1;
  f.publish_and_take(6, [&](std::uint64_t sequence) { return sequence != lost; });
  const auto skipped = [&](const Reception::From& from, std::uint64_t expected, std::uint64_t number) {
    f.viewer.reception.on_skipped(from.neighbour, from.stripes, expected, number, f.now);
  };
  const Instant asked = f.now + Gaps::kGuardMin;
  const auto requested = [&] {
    CHECK(f.viewer.requested(asked - Duration(1)).empty());
    f.viewer.reception.handle_deadline(asked);
    return f.viewer.requested(asked);
  };
  SECTION("its parent's") {
    skipped(f.odd_parent, 70, 71);
    CHECK(f.viewer.reception.next_deadline(true, false) <= asked);
    CHECK(requested() == Sequences{lost});
  }
  SECTION("another's") {
    skipped(f.even_parent, 70, 71);
    CHECK(requested() == Sequences{});
  }
  SECTION("its parent's, which came late") {
    skipped(f.odd_parent, 70, 71);
    skipped(f.odd_parent, 72, 70);
    CHECK(requested() == Sequences{});
  }
  SECTION("of whom is no parent any more") {
    skipped(f.odd_parent, 70, 71);
    f.viewer.reception.on_new_parent(f.odd, f.now);
    CHECK(requested() == Sequences{});
  }
}

TEST_CASE("reception: while a parent is mute others are asked for what it owes, and for what comes due", "[swarm]") {
  const bool mute = GENERATE(false, true);
  TwoParents f;
  const auto even = [](std::uint64_t sequence) { return sequence % 2 == 0; };
  f.publish_and_take(100, f.all);
  const std::uint64_t first = f.next | 1;
  f.publish_and_take(8, even);
  if (mute) f.viewer.reception.on_mute(f.odd, f.now);
  const Sequences before = f.viewer.requested(f.now + Gaps::kGuardMin);
  CHECK(before.size() == (mute ? 3 : 0));
  if (mute) CHECK(before.front() == first);
  f.publish_and_take(2, even);
  CHECK(f.viewer.requested(f.now + Gaps::kGuardMin).size() == (mute ? 1 : 0));
  f.viewer.reception.on_mute(0, f.now);
  f.publish_and_take(3, even);
  const Sequences after = f.viewer.requested(f.now + Gaps::kGuardMin);
  CHECK((after.empty() || after.back() < f.next - 3));  // if any, what was asked for already
}

TEST_CASE("reception: whoever is asked for repairs is told how often it has been tried", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(4, 5);
  std::vector<std::pair<std::uint64_t, unsigned>> asked;
  const auto choose = [&](std::uint64_t sequence, unsigned requests) {
    asked.push_back({sequence, requests});
    return std::optional(RepairTarget{kParentSession, kTimeout});
  };
  for (Duration d{}; asked.size() < 3 && d < seconds(2); d += milliseconds(1))
    while (f.viewer.reception.next_request(choose, f.now + d)) {
    }
  CHECK(asked == std::vector<std::pair<std::uint64_t, unsigned>>{{3, 0}, {3, 1}, {3, 2}});
}

TEST_CASE("reception: nobody to ask for now, a repair waits and is not forgotten", "[swarm]") {
  Fixture f;
  f.take(0, 3);
  f.take(4, 5);
  const auto nobody = [](std::uint64_t, unsigned) { return std::optional<RepairTarget>(); };
  f.now += milliseconds(20);
  CHECK_FALSE(f.viewer.reception.next_request(nobody, f.now));
  CHECK(f.viewer.requested(f.now + Gaps::kRecheck) == Sequences{3});
}

TEST_CASE("reception: is striped as the publisher says, anew with each run", "[swarm]") {
  Viewer viewer;
  CHECK(viewer.reception.striping().all() == 1);
  std::uint64_t epoch = stream::kEpoch;
  for (const Striping striping : {Striping{16, 1}, Striping{5, 3}, Striping{1, 0}}) {
    const Broadcast publisher(epoch++, std::nullopt, striping);
    const auto info = wire::sign_stream_info(publisher.source->info(kStart), stream_key(), crypto::sodium_suite());
    REQUIRE(viewer.reception.on_info(info, kStart) == Reception::InfoResult::kNewRun);
    CHECK(viewer.reception.striping().data == striping.data);
    CHECK(viewer.reception.striping().parity == striping.parity);
  }
}

TEST_CASE("reception: as many lost of a block as there is parity come back", "[swarm]") {
  const unsigned parity = GENERATE(1u, 2u, 3u);
  Broadcast publisher(stream::kEpoch, std::nullopt, {8, parity});
  Instant now = kStart;
  for (std::size_t i = 0; i < 8; ++i, now += milliseconds(5))
    publisher.source->push(ByteVector(100, static_cast<std::uint8_t>(i)), now);
  const stream::Block* const block = publisher.store.blocks().find(0);
  REQUIRE(block != nullptr);
  Viewer viewer;
  REQUIRE(viewer.reception.on_info(publisher.info(now), now) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, now);
  for (std::uint64_t i = parity; i < 8; ++i) viewer.take(publisher.frame(i), now);
  viewer.take(block->list.bytes(), now);
  for (unsigned i = 0; i < parity; ++i) {
    CHECK(viewer.played.empty());
    viewer.take(block->parity[i].bytes(), now);
  }
  CHECK(viewer.played.size() == 800);
  CHECK(viewer.reception.stats().regenerated == parity);
}

TEST_CASE("reception: what was published before it joined says nothing about lag", "[swarm]") {
  Fixture f(relay_config());  // shards of every 20 ms
  f.viewer.reception.start(0, 100'000, f.now);
  const auto take = [&](std::uint64_t sequence) {
    Buffer frame = f.viewer.pool.take(f.publisher.frame(sequence).size());
    std::ranges::copy(f.publisher.frame(sequence), frame.writable().begin());
    f.viewer.reception.take(std::move(frame), kParent, 100'000, f.now);
    return f.viewer.reception.lag_meter().run.count();
  };
  CHECK(take(0) == 0);
  CHECK(take(4) == 0);
  CHECK(take(5) == 1);
}

TEST_CASE("reception: a new parent goes on at the first of what is missing of its stripes to the end", "[swarm]") {
  Broadcast publisher;
  for (int i = 0; i < 40; ++i) publisher.publish(kStart + i * milliseconds(20));
  Viewer viewer;
  REQUIRE(viewer.reception.on_info(publisher.info(kStart), kStart) == Reception::InfoResult::kNewRun);
  viewer.reception.start(0, std::nullopt, kStart);
  for (std::uint64_t s = 0; s < 40; ++s)
    if (s != 3 && s != 35 && s != 7 && s != 4 && s != 20 && s != 36)
      REQUIRE(viewer.take(publisher.frame(s), kStart) == stream::Verdict::kStored);
  CHECK(viewer.reception.resume_from(bit(5)) == 40);
  CHECK(viewer.reception.resume_from(bit(3)) == 35);  // 19 is here: 3 is repaired
  CHECK(viewer.reception.resume_from(bit(7)) == 40);
  CHECK(viewer.reception.resume_from(bit(4)) == 4);
  CHECK(viewer.reception.resume_from(bit(3) | bit(5)) == 35);
  CHECK(viewer.reception.resume_from(bit(3) | bit(4)) == 4);
  CHECK(viewer.reception.resume_from(bit(kStriping.data)) == 40);  // parity
}

TEST_CASE("reception: until something has come, another's word on where to begin only takes it back", "[swarm]") {
  Fixture f;
  f.viewer.reception.start(16'000, std::nullopt, f.now);
  f.take(0, 3);
  f.viewer.play(f.now);
  CHECK(f.viewer.reception.next() == 3);
}

TEST_CASE("reception: a neighbour's word on the publisher's clock counts as far as the signed ones allow", "[swarm]") {
  Fixture f;
  const std::uint64_t least = f.viewer.reception.info()->media_us + 1'000'000;
  const Instant later = f.now + seconds(1);
  const auto most = least + static_cast<std::uint64_t>(to_us(Reception::kUnheardMax));
  CHECK(f.viewer.reception.believable(least + 70'000, later) == least + 70'000);
  CHECK(f.viewer.reception.believable(0, later) == least);
  CHECK(f.viewer.reception.believable(least + 600'000'000, later) == most);
}
