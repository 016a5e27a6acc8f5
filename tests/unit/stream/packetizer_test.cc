#include "libcore/stream/packetizer.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

struct Fixture {
  explicit Fixture(bool mpeg_ts) : packetizer(pool, mpeg_ts) {}

  std::vector<std::size_t> sizes() {
    std::vector<std::size_t> result;
    for (const Payload& payload : packetizer.ready()) result.push_back(payload.frame.size() - wire::kShardHeaderBytes);
    return result;
  }
  std::vector<int> flags() {
    std::vector<int> result;
    for (const Payload& payload : packetizer.ready()) result.push_back(payload.flags);
    return result;
  }
  ByteVector bytes() {
    ByteVector result;
    for (const Payload& payload : packetizer.ready())
      append(result, payload.frame.bytes().subspan(wire::kShardHeaderBytes));
    return result;
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  Packetizer packetizer;
};

constexpr int kRandomAccess = wire::kFlagRandomAccess;
constexpr int kDiscontinuity = wire::kFlagDiscontinuity;

}  // namespace

TEST_CASE("packetizer: seven whole packets a payload, and the rest stays open until it is closed") {
  Fixture f(true);
  const ByteVector stream = ts_packets(f.rng, 17);
  f.packetizer.push(Bytes{stream}.first(1000), kStart);
  CHECK(f.sizes().empty());
  CHECK(f.packetizer.open_since() == kStart);
  f.packetizer.push(Bytes{stream}.subspan(1000), kStart + std::chrono::milliseconds(1));
  CHECK(f.sizes() == std::vector<std::size_t>{1316, 1316});
  f.packetizer.close();
  CHECK(f.sizes() == std::vector<std::size_t>{1316, 1316, 564});
  CHECK_FALSE(f.packetizer.open_since());
  CHECK(f.bytes() == stream);
  CHECK(f.packetizer.ready()[0].read_at == kStart);
  CHECK(f.packetizer.ready()[2].read_at == kStart + std::chrono::milliseconds(1));
  f.packetizer.close();
  CHECK(f.sizes().size() == 3);
}

TEST_CASE("packetizer: raw bytes are cut every 1,316, whatever they are") {
  Fixture f(false);
  const ByteVector stream = random_bytes(f.rng, 2 * 1316 + 748);
  for (std::size_t i = 0; i < stream.size(); i += 10) f.packetizer.push(Bytes{stream}.subspan(i, 10), kStart);
  f.packetizer.end(kStart);
  CHECK(f.sizes() == std::vector<std::size_t>{1316, 1316, 748});
  CHECK(f.bytes() == stream);
}

TEST_CASE("packetizer: a payload does not go on across skipped bytes") {
  Fixture f(true);
  const ByteVector before = ts_packets(f.rng, 2);
  const ByteVector after = ts_packets(f.rng, 9);
  ByteVector input = before;
  input.insert(input.end(), 100, 0);
  append(input, after);
  f.packetizer.push(input, kStart);
  f.packetizer.end(kStart);
  CHECK(f.sizes() == std::vector<std::size_t>{376, 1316, 376});
  CHECK(f.flags() == std::vector<int>{0, kDiscontinuity, 0});
  ByteVector expected = before;
  append(expected, after);
  CHECK(f.bytes() == expected);
  CHECK(f.packetizer.sync().bytes_skipped() == 100);
}

TEST_CASE("packetizer: the tables in front of a keyframe are where a joiner starts") {
  Fixture f(true);
  ByteVector input = ts_packets(f.rng, 10);
  append(input, ts_packet(f.rng, 17, true));
  append(input, pat_packet(f.rng));  // packet 11: payload 1
  append(input, ts_packet(f.rng, 0x1000, true));
  append(input, ts_packet(f.rng, 0x101));
  append(input, random_access_packet(f.rng));  // packet 14: payload 2
  append(input, ts_packets(f.rng, 26));
  f.packetizer.push(input, kStart);
  f.packetizer.end(kStart);
  CHECK(f.flags() == std::vector<int>{0, kRandomAccess, 0, 0, 0, 0});
}

TEST_CASE("packetizer: a keyframe is marked itself if its tables are far away or gone") {
  Fixture f(true);
  SECTION("too far before it") {
    f.packetizer.push(pat_packet(f.rng), kStart);
    f.packetizer.push(ts_packets(f.rng, 8), kStart);
    f.packetizer.push(random_access_packet(f.rng), kStart);
    f.packetizer.close();
    CHECK(f.flags() == std::vector<int>{0, kRandomAccess});
  }
  SECTION("signed already") {
    f.packetizer.push(pat_packet(f.rng), kStart);
    f.packetizer.close();
    f.packetizer.pop_ready(1);
    f.packetizer.push(random_access_packet(f.rng), kStart);
    f.packetizer.close();
    CHECK(f.flags() == std::vector<int>{kRandomAccess});
  }
  SECTION("signed after others were") {
    f.packetizer.push(ts_packets(f.rng, 14), kStart);
    f.packetizer.push(pat_packet(f.rng), kStart);
    f.packetizer.pop_ready(2);
    f.packetizer.push(ts_packets(f.rng, 6), kStart);
    f.packetizer.push(random_access_packet(f.rng), kStart);
    f.packetizer.close();
    CHECK(f.flags() == std::vector<int>{kRandomAccess, 0});
  }
  SECTION("used by the keyframe before") {
    f.packetizer.push(pat_packet(f.rng), kStart);
    f.packetizer.push(random_access_packet(f.rng), kStart);
    f.packetizer.push(ts_packets(f.rng, 5), kStart);
    f.packetizer.push(random_access_packet(f.rng), kStart);
    f.packetizer.close();
    CHECK(f.flags() == std::vector<int>{kRandomAccess, kRandomAccess});
  }
}

TEST_CASE("packetizer: no other packet makes a random-access point") {
  Fixture f(true);
  ByteVector packet = random_access_packet(f.rng);
  SECTION("audio") { packet = random_access_packet(f.rng, 0xc0); }
  SECTION("not marked") { packet[5] = 0; }
  SECTION("no adaptation field") { packet[3] = 0x10; }
  SECTION("an empty adaptation field") { packet[4] = 0; }
  SECTION("not the start of a unit") { packet[1] = 0x01; }
  SECTION("damaged") { packet[1] |= 0x80; }
  SECTION("scrambled") { packet[3] |= 0x80; }
  SECTION("an adaptation field beyond the packet") { packet[4] = 255; }
  SECTION("an adaptation field up to the packet's end") { packet[4] = 180; }
  SECTION("no PES packet") { packet[14] = 2; }
  f.packetizer.push(pat_packet(f.rng), kStart);
  f.packetizer.push(packet, kStart);
  f.packetizer.close();
  CHECK(f.flags() == std::vector<int>{0});
}

TEST_CASE("packetizer: knows when tables were the last thing it saw") {
  Fixture f(true);
  f.packetizer.push(ts_packets(f.rng, 1), kStart);
  CHECK_FALSE(f.packetizer.ends_in_tables());
  f.packetizer.push(pat_packet(f.rng), kStart);
  CHECK(f.packetizer.ends_in_tables());
  f.packetizer.push(ts_packet(f.rng, 0x1000, true), kStart);
  CHECK(f.packetizer.ends_in_tables());
  f.packetizer.push(ts_packets(f.rng, 1), kStart);
  CHECK_FALSE(f.packetizer.ends_in_tables());
}
