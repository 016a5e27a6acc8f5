// The publisher's parity: when blocks close, and which lists prove them.

#include "tests/catch.h"
#include "tests/unit/stream/publisher.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

SourceConfig config_of(std::uint8_t stripes, std::uint8_t parity) {
  SourceConfig config = source_config();
  config.stripes = stripes;
  config.parity = parity;
  return config;
}

wire::HashListView list_of(const Block& block) { return *wire::parse_hash_list(block.list.bytes()); }

// Every parity of the block is here, and is what its list says.
bool is_proven(const Block& block, std::size_t parity, std::uint64_t epoch = kEpoch) {
  const crypto::SymmetricKey salt = wire::leaf_salt(stream_keys().public_key, epoch);
  const wire::HashListView list = list_of(block);
  for (std::uint8_t i = 0; i < parity; ++i) {
    const auto frame = wire::parse_parity(block.parity[i].bytes());
    if (!frame || frame->index != i || frame->count != block.count || frame->first(block.first) != block.first)
      return false;
    bool told = false;
    for (std::size_t p = 0; p < list.parity_count(); ++p) {
      const wire::ParityProof proof = list.parity_proof(p);
      const auto leaf =
          crypto::sodium_suite().leaf_hash(wire::parity_leaf_header(block.first, i, block.count), frame->symbol, salt);
      told =
          told || (proof.first == block.first && proof.count == block.count && proof.index == i && proof.leaf == leaf);
    }
    if (!told) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("source: the parity of the blocks that close in a batch is proven by the batch's list") {
  Publisher p;
  p.burst(40, kStart + milliseconds(1));
  const Blocks& blocks = p.store.blocks();
  REQUIRE(blocks.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(blocks.at(i).first == 16 * i);
    CHECK(blocks.at(i).count == 16);
    CHECK(list_of(blocks.at(i)).count() == 40);
    CHECK(is_proven(blocks.at(i), 1));
  }
  CHECK(p.source.made_parity().size() == 2);
  CHECK(p.source.made_parity()[1] == ParityId{16, 0});
  CHECK(p.source.stats().signatures == 1);
  CHECK(p.source.stats().parity == 2);
  CHECK(p.source.next_deadline() == kStart + milliseconds(1) + Source::kBlockAgeMax);

  p.burst(8, kStart + milliseconds(2));  // closes what the last batch began
  REQUIRE(blocks.size() == 3);
  CHECK(blocks.at(2).first == 32);
  CHECK(blocks.at(2).count == 16);
  CHECK(list_of(blocks.at(2)).first == 40);
  CHECK(is_proven(blocks.at(2), 1));
  CHECK(p.source.next_deadline() == kNever);
  CHECK(p.source.made_parity().size() == 1);
}

TEST_CASE("source: where shards are signed inline, a list without shards proves the parity") {
  Publisher p;
  Instant now = kStart;
  for (int i = 0; i < 16; ++i, now += milliseconds(5)) p.burst(1, now);
  REQUIRE(p.store.blocks().size() == 1);
  const Block& block = p.store.blocks().at(0);
  CHECK(block.count == 16);
  CHECK(list_of(block).count() == 0);
  CHECK(list_of(block).first == 16);
  CHECK(list_of(block).media_us == 75'000);
  CHECK(is_proven(block, 1));
  CHECK(p.source.stats().signatures == 17);
  for (std::uint64_t i = 0; i < 16; ++i) CHECK_FALSE(p.store.at(i).list);

  p.burst(1, now);
  now = p.source.next_deadline();
  p.source.handle_deadline(now);
  CHECK(p.store.blocks().size() == 2);
  p.burst(3, now + milliseconds(1));  // whose own signatures are rare, whatever was signed just now
  for (std::uint64_t i = 16; i < 20; ++i) CHECK_FALSE(p.store.at(i).list);
}

TEST_CASE("source: a block closes when it is old") {
  Publisher p;
  p.burst(1, kStart);
  p.burst(10, kStart + milliseconds(60));
  CHECK(p.source.next_deadline() == kStart + Source::kBlockAgeMax);
  p.source.handle_deadline(kStart + Source::kBlockAgeMax - Duration(1));
  CHECK(p.store.blocks().size() == 0);
  p.source.handle_deadline(kStart + Source::kBlockAgeMax);
  REQUIRE(p.store.blocks().size() == 1);
  CHECK(p.store.blocks().at(0).count == 11);
  CHECK(is_proven(p.store.blocks().at(0), 1));
  CHECK(p.source.next_deadline() == kNever);

  SECTION("the rest is a block of its own") {
    p.burst(20, kStart + milliseconds(200));
    REQUIRE(p.store.blocks().size() == 2);
    CHECK(p.store.blocks().at(1).first == 11);
    CHECK(p.store.blocks().at(1).count == 5);
  }
  SECTION("or of one shard, whose parity is a copy") {
    p.burst(1, kStart + milliseconds(200));
    p.burst(1, kStart + milliseconds(400));  // later than the deadline that nobody kept
    REQUIRE(p.store.blocks().size() == 2);
    CHECK(p.store.blocks().at(1).count == 2);
    p.burst(1, kStart + milliseconds(401));
    p.source.end(kStart + milliseconds(402));
    REQUIRE(p.store.blocks().size() == 3);
    const Block& block = p.store.blocks().at(2);
    CHECK(block.count == 1);
    const auto parity = wire::parse_parity(block.parity[0].bytes());
    CHECK(std::ranges::equal(wire::parse_symbol(parity->symbol)->payload, p.store.at(13).payload()));
    CHECK(is_proven(block, 1));
  }
}

TEST_CASE("source: the end closes the open block") {
  Publisher p;
  p.burst(20, kStart);
  p.source.end(kStart + milliseconds(1));
  REQUIRE(p.store.blocks().size() == 2);
  CHECK(p.store.blocks().at(1).first == 16);
  CHECK(p.store.blocks().at(1).count == 4);
  CHECK(p.source.made_parity().size() == 1);
  CHECK(p.source.next_deadline() == kNever);
  p.source.end(kStart + milliseconds(2));
  CHECK(p.source.made_parity().empty());
}

TEST_CASE("source: more parity than a list proves goes into further ones, each block's into one") {
  for (const int parity : {1, 2, 3})
    for (const int stripes : {2, 3, 5, 16, 32}) {
      Publisher p(config_of(static_cast<std::uint8_t>(stripes), static_cast<std::uint8_t>(parity)));
      p.burst(48, kStart);
      p.burst(7, kStart);
      p.source.end(kStart);
      std::uint64_t next = 0;
      const Blocks& blocks = p.store.blocks();
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        REQUIRE(blocks.at(i).first == next);
        next = blocks.at(i).end();
        REQUIRE(is_proven(blocks.at(i), static_cast<std::size_t>(parity)));
        REQUIRE((next % static_cast<std::uint64_t>(stripes) == 0 || next == 55));
      }
      REQUIRE(next == 55);
      REQUIRE(p.source.stats().parity == blocks.size() * static_cast<std::size_t>(parity));
    }
}

TEST_CASE("source: with one stripe or no parity there are no blocks, and lists say nothing of any") {
  const auto [stripes, parity] = GENERATE(std::pair{1, 3}, std::pair{16, 0});
  Publisher p(config_of(static_cast<std::uint8_t>(stripes), static_cast<std::uint8_t>(parity)));
  p.burst(40, kStart);
  CHECK(p.source.next_deadline() == kNever);
  p.source.end(kStart);
  CHECK(p.store.blocks().size() == 0);
  CHECK(wire::parse_hash_list(p.store.at(0).list.bytes())->parity_count() == 0);
}

TEST_CASE("source: what is sent fits into a datagram of 1,420 bytes") {
  Publisher p(config_of(16, 3));
  Instant now = kStart;
  for (int i = 0; i < 40; ++i, now += milliseconds(10)) p.burst(i % 2 == 0 ? 1 : 48, now);
  std::size_t largest = 0;
  for (const ByteVector& frame : p.take_frames()) largest = std::max(largest, frame.size());
  CHECK(largest == 1'391);
}
