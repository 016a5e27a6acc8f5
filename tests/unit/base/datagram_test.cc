#include "libcore/base/datagram.h"

#include <algorithm>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;

namespace {

const Address kA = Address::v4(127, 0, 0, 1, 1000);
const Address kB = Address::v4(127, 0, 0, 1, 1001);

void add(DatagramBatch& batch, const Address& to, std::size_t bytes, std::uint8_t fill = 0) {
  const MutableBytes room = batch.add(to, bytes);
  REQUIRE(room.size() == bytes);
  std::fill(room.begin(), room.end(), fill);
}

std::vector<std::uint32_t> counts(const DatagramBatch& batch) {
  std::vector<std::uint32_t> result;
  for (const DatagramBatch::Run& run : batch.runs()) result.push_back(run.count);
  return result;
}

}  // namespace

TEST_CASE("datagram batch: equal sizes to one address are one run, and a shorter one ends it") {
  DatagramBatch batch;
  CHECK(batch.empty());
  for (int i = 0; i < 3; ++i) add(batch, kA, 1200);
  add(batch, kA, 100);
  add(batch, kA, 100);
  CHECK(counts(batch) == std::vector<std::uint32_t>{4, 1});
  CHECK(batch.runs()[0].bytes == 3700);
  CHECK(batch.runs()[0].segment_bytes == 1200);
  CHECK(batch.datagram(batch.runs()[0], 3).size() == 100);
  CHECK(batch.totals().datagrams == 5);
  CHECK(batch.totals().wire_bytes == 3800 + 5 * 28);
  batch.clear();
  CHECK(batch.totals().datagrams == 5);
}

TEST_CASE("datagram batch: a longer one or another address begins a run") {
  DatagramBatch batch;
  add(batch, kA, 100);
  add(batch, kA, 101);
  add(batch, kB, 101);
  add(batch, kA, 101);
  CHECK(counts(batch) == std::vector<std::uint32_t>{1, 1, 1, 1});
}

TEST_CASE("datagram batch: a run is within what one segmented send may hold") {
  DatagramBatch batch;
  for (std::size_t i = 0; i < DatagramBatch::kRunDatagrams + 1; ++i) add(batch, kA, 100);
  CHECK(counts(batch) == std::vector<std::uint32_t>{48, 1});
  batch.clear();
  for (int i = 0; i < 45; ++i) add(batch, kA, 1440);
  CHECK(counts(batch) == std::vector<std::uint32_t>{44, 1});  // 45 x 1,440 > 64,000
}

TEST_CASE("datagram batch: takes datagrams until it is full, and again after clear") {
  DatagramBatch batch;
  std::size_t n = 0;
  for (; !batch.full(); ++n) add(batch, kA, DatagramBatch::kDatagramBytesMax);
  CHECK(n == DatagramBatch::kArenaBytes / DatagramBatch::kDatagramBytesMax - 1);
  batch.clear();
  CHECK(batch.empty());
  CHECK_FALSE(batch.full());
}

TEST_CASE("datagram batch: whatever is added comes out in order, byte for byte") {
  crypto::ChaChaRng rng(2);
  for (int round = 0; round < 20; ++round) {
    DatagramBatch batch;
    struct Sent {
      Address to;
      std::size_t bytes;
      std::uint8_t fill;
    };
    std::vector<Sent> sent;
    while (!batch.full()) {
      const std::size_t bytes = rng.below(3) == 0 ? 1 + static_cast<std::size_t>(rng.below(1472)) : 1168;
      sent.push_back({rng.below(8) == 0 ? kB : kA, bytes, static_cast<std::uint8_t>(rng.u32())});
      add(batch, sent.back().to, bytes, sent.back().fill);
    }
    std::size_t next = 0;
    for (const DatagramBatch::Run& run : batch.runs()) {
      REQUIRE(run.count <= DatagramBatch::kRunDatagrams);
      REQUIRE(run.bytes <= DatagramBatch::kRunBytes);
      for (std::size_t i = 0; i < run.count; ++i, ++next) {
        const Bytes bytes = batch.datagram(run, i);
        REQUIRE(run.to == sent[next].to);
        REQUIRE(bytes.size() == sent[next].bytes);
        REQUIRE(std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t b) { return b == sent[next].fill; }));
        REQUIRE((bytes.size() == run.segment_bytes || i + 1 == run.count));
      }
    }
    REQUIRE(next == sent.size());
  }
}
