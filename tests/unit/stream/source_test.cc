#include "libcore/stream/source.h"

#include "libcore/base/reader.h"
#include "libcore/stream/content_key.h"
#include "libcore/stream/signing_budget.h"
#include "tests/catch.h"
#include "tests/unit/stream/material.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

SourceConfig config_of(bool mpeg_ts) {
  SourceConfig config;
  config.key = stream_keys();
  config.epoch = kEpoch;
  config.mpeg_ts = mpeg_ts;
  config.parity = 0;  // source_parity_test.cc
  return config;
}

struct Fixture {
  explicit Fixture(const SourceConfig& config) : source(config, crypto::sodium_suite(), pool, store, kStart) {}
  Fixture() : Fixture(config_of(true)) {}

  // Lets time pass, keeping the source's deadlines.
  void advance_to(Instant then) {
    while (source.next_deadline() <= then) {
      now = std::max(now, source.next_deadline());
      source.handle_deadline(now);
      note_waits();
      REQUIRE(source.next_deadline() > now);
    }
    now = then;
  }
  void push(Bytes input) {
    for (std::size_t i = 0; i < input.size() / kTsPacketBytes; ++i) pushed_at.push_back(now);
    source.push(input, now);
    note_waits();
    REQUIRE((source.next_deadline() == kNever || source.next_deadline() > now));
  }
  // How long each packet waited in the source.
  void note_waits() {
    for (; seen < store.head(); ++seen)
      for (std::size_t n = store.at(seen).payload().size() / kTsPacketBytes; n > 0; --n) {
        waits.push_back(now - pushed_at.at(waits.size()));
        REQUIRE(waits.back() <= Source::kHoldMax);
      }
  }
  Duration median_wait() {
    std::sort(waits.begin(), waits.end());
    return waits.at(waits.size() / 2);
  }
  ByteVector output() const {
    ByteVector bytes;
    for (std::uint64_t i = store.tail(); i < store.head(); ++i) append(bytes, store.at(i).payload());
    return bytes;
  }
  std::size_t listed() const {
    std::size_t n = 0;
    for (std::uint64_t i = store.tail(); i < store.head(); ++i) n += store.at(i).list ? 1u : 0u;
    return n;
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  Store store;
  Source source;
  Instant now = kStart + std::chrono::seconds(1);
  std::uint64_t seen = 0;
  std::vector<Instant> pushed_at;
  std::vector<Duration> waits;
};

}  // namespace

TEST_CASE("source: a burst is proven by one signature and leaves at once") {
  Fixture f;
  const ByteVector burst = ts_packets(f.rng, kPacketsPerShard * 30 + 1);
  f.push(burst);
  CHECK(f.store.head() == 31);
  CHECK(f.listed() == 31);
  CHECK(f.source.stats().signatures == 1);
  CHECK(f.source.next_deadline() == kNever);
  CHECK(f.output() == burst);
  for (std::uint64_t i = 0; i < 31; ++i) {
    CHECK(f.store.at(i).list_first == 0);
    CHECK(f.store.at(i).media_us == 1'000'000);
    CHECK(wire::parse_shard(f.store.at(i).frame.bytes())->stripe == i % 16);
  }
}

TEST_CASE("source: a burst of more than a list holds is several lists") {
  Fixture f;
  f.push(ts_packets(f.rng, kPacketsPerShard * 100));
  CHECK(f.store.head() == 100);
  CHECK(f.source.stats().signatures == 3);
  CHECK(f.store.at(47).list_first == 0);
  CHECK(f.store.at(48).list_first == 48);
  CHECK(f.store.at(99).list_first == 96);
}

TEST_CASE("source: few shards carry their signatures themselves while signatures are rare") {
  Fixture f;
  f.push(ts_packets(f.rng, 3 * kPacketsPerShard));
  CHECK(f.store.head() == 3);
  CHECK(f.listed() == 0);
  CHECK(f.source.stats().signatures == 3);
  SECTION("soon after, two are a list") {
    f.advance_to(f.now + milliseconds(4));
    f.push(ts_packets(f.rng, 2 * kPacketsPerShard));
    CHECK(f.listed() == 2);
    CHECK(f.source.stats().signatures == 4);
  }
  SECTION("one is never a list") {
    f.advance_to(f.now + microseconds(10));
    f.push(ts_packets(f.rng, 1));
    CHECK(f.listed() == 0);
    CHECK(f.source.stats().signatures == 4);
  }
}

TEST_CASE("source: the rarer signatures are the more shards carry their own, up to a bound") {
  Fixture f;
  f.push(ts_packets(f.rng, kPacketsPerShard * 24));
  CHECK(f.listed() == 0);
  CHECK(f.source.stats().signatures == 24);
  SECTION("8 ms later, four are a list") {
    f.advance_to(f.now + milliseconds(8));
    f.push(ts_packets(f.rng, kPacketsPerShard * 4));
    CHECK(f.listed() == 4);
  }
  SECTION("and three are not") {
    f.advance_to(f.now + milliseconds(8));
    f.push(ts_packets(f.rng, kPacketsPerShard * 3));
    CHECK(f.listed() == 0);
    CHECK(f.source.stats().signatures == 27);
  }
  SECTION("more than the bound always are") {
    f.advance_to(f.now + std::chrono::seconds(1));
    f.push(ts_packets(f.rng, kPacketsPerShard * 25));
    CHECK(f.listed() == 25);
    CHECK(f.source.stats().signatures == 25);
  }
}

TEST_CASE("source: a feed of fewer than 400 shards a second is signed inline and waits for nothing") {
  Fixture f;
  for (int i = 0; i < 400; ++i) {
    f.push(ts_packets(f.rng, kPacketsPerShard));
    f.advance_to(f.now + microseconds(2'510 + f.rng.below(3)));
  }
  CHECK(f.store.head() == 400);
  CHECK(f.listed() == 0);
  CHECK(*std::max_element(f.waits.begin(), f.waits.end()) == Duration::zero());
}

TEST_CASE("source: a smooth feed of 40 Mbit/s costs few signatures and waits under a millisecond") {
  Fixture f;
  const ByteVector write = ts_packets(f.rng, 7);
  const Instant begin = f.now;
  for (int i = 0; i < 3'800; ++i) {
    f.push(write);
    f.advance_to(begin + Duration(263'158) * (i + 1));
  }
  f.source.end(f.now);
  CHECK(f.source.stats().signatures < 700);
  CHECK(f.median_wait() < milliseconds(1));
  CHECK(f.waits.back() < milliseconds(2));
  CHECK(f.source.stats().shards < 3'800 * 102 / 100);  // hardly any short payload
}

TEST_CASE("source: what a smooth feed brings while nothing may be signed can be left until it is due") {
  Fixture f;
  const ByteVector write = ts_packets(f.rng, 7);
  ByteVector gathered;
  int pushes = 0;
  for (int i = 0; i < 3'800; ++i) {
    const Instant written = f.now + Duration(263'158);
    append(gathered, write);
    if (f.source.input_due() <= written) {
      f.now = std::max(f.now, f.source.input_due());
      f.push(std::exchange(gathered, {}));
      ++pushes;
      CHECK(f.source.input_due() <= f.now + SigningBudget::kInterval);
    }
    f.advance_to(written);
  }
  f.source.end(f.now);
  CHECK(pushes < 700);
  CHECK(f.source.stats().signatures < 700);
  CHECK(f.source.stats().shards < 3'800 * 102 / 100);
}

TEST_CASE("source: a smooth feed of 5 Mbit/s is not cut into short shards") {
  Fixture f;
  const ByteVector write = ts_packets(f.rng, 7);
  for (int i = 0; i < 475; ++i) {
    f.push(write);
    f.advance_to(f.now + microseconds(2'105));
  }
  f.source.end(f.now);
  CHECK(f.source.stats().shards < 475 * 7 / 6 + 20);
  CHECK(f.source.stats().signatures < 600);
  CHECK(f.median_wait() == Duration::zero());
  CHECK(f.waits.back() <= Source::kJoinMax);
}

TEST_CASE("source: when a steady feed pauses, what is held leaves") {
  Fixture f;
  const ByteVector stream = ts_packets(f.rng, 7 * 200 + 3);
  for (std::size_t i = 0; i < 200; ++i) {
    f.push(Bytes{stream}.subspan(i * 1316, 1316));
    f.advance_to(f.now + microseconds(500));
  }
  f.push(Bytes{stream}.subspan(200 * 1316));
  f.advance_to(f.now + std::chrono::seconds(1));
  CHECK(f.source.next_deadline() == kNever);
  CHECK(f.output() == stream);
}

TEST_CASE("source: flat-out input is signed in full lists, whatever the budget says") {
  Fixture f;
  const ByteVector read = ts_packets(f.rng, 350);
  for (int i = 0; i < 200; ++i) f.push(read);
  f.source.end(f.now);
  CHECK(f.store.head() == 200 * 50);
  CHECK(f.source.stats().signatures <= 200 * 50 / 48 + 1 + SigningBudget::kBurst);
}

TEST_CASE("source: nothing waits longer than kHoldMax, and every byte leaves, under any input") {
  crypto::ChaChaRng rng(9);
  for (int round = 0; round < 30; ++round) {
    Fixture f;
    ByteVector all;
    for (int i = 0; i < 100; ++i) {
      ByteVector input;
      for (std::uint64_t n = 1 + rng.below(rng.below(10) == 0 ? 200 : 9); n > 0; --n) {
        const std::uint64_t kind = rng.below(12);
        append(input, kind == 0 ? pat_packet(rng) : kind == 1 ? random_access_packet(rng) : ts_packet(rng, 0x101));
      }
      f.push(input);
      append(all, input);
      f.advance_to(f.now + microseconds(rng.below(rng.below(20) == 0 ? 30'000 : 1'000)));
    }
    f.source.end(f.now);
    REQUIRE(f.output() == all);
    std::uint64_t media_us = 0;
    for (std::uint64_t i = 0; i < f.store.head(); ++i) {
      REQUIRE(f.store.at(i).media_us >= media_us);
      media_us = f.store.at(i).media_us;
    }
  }
}

TEST_CASE("source: tables at the end of a push wait a moment for the keyframe they introduce") {
  Fixture f;
  ByteVector input = ts_packets(f.rng, 3);
  append(input, pat_packet(f.rng));
  append(input, ts_packet(f.rng, 0x1000, true));
  f.push(input);
  CHECK(f.store.head() == 0);
  CHECK(f.source.next_deadline() == f.now + Source::kJoinMax);
  SECTION("it comes") {
    f.advance_to(f.now + milliseconds(1));
    ByteVector key = random_access_packet(f.rng);
    append(key, ts_packets(f.rng, 30));
    f.push(key);
    CHECK(f.store.at(0).flags == wire::kFlagRandomAccess);
    CHECK(f.store.start_for_joiner() == 0);
    CHECK(f.source.next_deadline() == kNever);
  }
  SECTION("it does not") {
    f.advance_to(f.now + Source::kJoinMax);
    CHECK(f.store.head() == 1);
    CHECK(f.store.at(0).flags == 0);
  }
}

TEST_CASE("source: garbage is skipped and counted, and the shard behind it says so") {
  Fixture f;
  f.source.push(ts_packets(f.rng, kPacketsPerShard), f.now);
  f.source.push(ByteVector(1'000, 0), f.now);
  f.source.push(ts_packets(f.rng, kPacketsPerShard), f.now);
  f.source.end(f.now);
  CHECK(f.store.head() == 2);
  CHECK(f.store.at(1).flags == wire::kFlagDiscontinuity);
  CHECK(f.source.stats().bytes_skipped == 1'000);
  CHECK(f.source.stats().sync_losses == 1);
  CHECK(f.source.stats().bytes_in == 2 * kPacketsPerShard * 188 + 1'000);
}

TEST_CASE("source: the end drops half a packet, and nothing comes after it") {
  Fixture f;
  const ByteVector stream = ts_packets(f.rng, 3);
  f.source.push(Bytes{stream}.first(500), f.now);
  f.source.end(f.now);
  CHECK(f.source.ended());
  CHECK(f.output() == ByteVector(stream.begin(), stream.begin() + 376));
  CHECK(f.source.stats().bytes_skipped == 124);
  CHECK(f.source.next_deadline() == kNever);
  f.source.end(f.now);
  CHECK(f.store.head() == 1);
}

TEST_CASE("source: raw input of any bytes") {
  Fixture f(config_of(false));
  const ByteVector bytes = random_bytes(f.rng, 10'000);
  f.source.push(bytes, f.now);
  CHECK(f.output() == bytes);
  CHECK(f.source.info(f.now).mpeg_ts == false);
}

TEST_CASE("source: the stream information tells head, clock and kind") {
  Fixture f;
  f.push(ts_packets(f.rng, 2 * kPacketsPerShard + 1));
  const wire::StreamInfo info = f.source.info(kStart + std::chrono::seconds(7));
  CHECK(info.epoch == kEpoch);
  CHECK(info.head == 3);
  CHECK(info.head == f.source.head());
  CHECK(info.media_us == 7'000'000);
  CHECK(info.mpeg_ts);
  CHECK_FALSE(info.is_private);
  CHECK_FALSE(info.ended);
  CHECK(info.stripes == 16);
  CHECK(info.parity == 0);
  CHECK(info.key_check == ByteArray<8>{});
  f.source.end(f.now);
  CHECK(f.source.info(f.now).ended);
}

TEST_CASE("source: a private stream is enciphered under the run's key, and says which key that is") {
  SourceConfig config = config_of(true);
  config.content_secret = crypto::SymmetricKey{};
  config.content_secret->fill(3);
  Fixture f(config);
  const ByteVector stream = ts_packets(f.rng, 60);
  f.push(stream);
  const crypto::SymmetricKey key = content_key(*config.content_secret, kEpoch);
  CHECK(f.source.info(f.now).is_private);
  CHECK(f.source.info(f.now).key_check == key_check(key));
  CHECK(f.output() != stream);
  ByteVector plain;
  for (std::uint64_t i = 0; i < f.store.head(); ++i) {
    const Bytes payload = f.store.at(i).payload();
    CHECK(payload[0] != kTsSync);  // with this key
    ByteVector text(payload.begin(), payload.end());
    crypto::sodium_suite().xor_stream(text, key, i);
    append(plain, text);
  }
  CHECK(plain == stream);
}

TEST_CASE("content key: it and its check match the independent implementation") {
  const auto field = [](const char* name) { return tests::stream_vector("private_run", name); };
  const crypto::SymmetricKey key =
      content_key(tests::to_array<32>(field("content_secret")), Reader(field("epoch")).u64());
  CHECK(key == tests::to_array<32>(field("content_key")));
  CHECK(key_check(key) == tests::to_array<8>(field("key_check")));
}
