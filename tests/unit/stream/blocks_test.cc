#include "libcore/stream/blocks.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

struct Fixture {
  Block* insert(std::uint64_t first, int count) {
    Block* const block = blocks.insert(first, static_cast<std::uint8_t>(count), pool.take(10));
    if (block != nullptr) block->parity[0] = pool.take(20);
    return block;
  }
  std::vector<std::uint64_t> firsts() const {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < blocks.size(); ++i) all.push_back(blocks.at(i).first);
    return all;
  }

  BufferPool pool;
  Blocks blocks;
};

using Firsts = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("blocks: kept in order, whatever order they come in") {
  Fixture f;
  for (const std::uint64_t first : {48u, 16u, 32u, 0u, 64u}) {
    Block* const block = f.insert(first, 16);
    REQUIRE(block != nullptr);
    CHECK(block->first == first);
    CHECK(block->end() == first + 16);
    CHECK(block->list.size() == 10);
  }
  CHECK(f.firsts() == Firsts{0, 16, 32, 48, 64});
  CHECK(f.blocks.find(32)->first == 32);
  CHECK(f.blocks.find(33) == nullptr);
  CHECK(f.blocks.find(80) == nullptr);
  CHECK(f.blocks.find(ParityId{32, 0})->size() == 20);
  CHECK(f.blocks.find(ParityId{32, 1}) == nullptr);
  CHECK(f.blocks.find(ParityId{32, 200}) == nullptr);
  CHECK(f.blocks.find(ParityId{33, 0}) == nullptr);
  CHECK(f.blocks.reaching(0) == 0);
  CHECK(f.blocks.reaching(15) == 0);
  CHECK(f.blocks.reaching(16) == 1);
  CHECK(f.blocks.reaching(80) == 5);
  f.blocks.clear();
  CHECK(f.blocks.size() == 0);
  CHECK(f.blocks.find(32) == nullptr);
  CHECK(f.insert(5, 1) != nullptr);
}

TEST_CASE("blocks: none overlaps another") {
  Fixture f;
  f.insert(16, 10);
  for (const auto& [first, count] : {std::pair{16, 10}, {16, 1}, {25, 1}, {15, 2}, {0, 32}, {20, 20}}) {
    CHECK_FALSE(f.blocks.admits(static_cast<std::uint64_t>(first), static_cast<std::uint8_t>(count)));
    CHECK(f.insert(static_cast<std::uint64_t>(first), count) == nullptr);
  }
  CHECK(f.insert(26, 6) != nullptr);
  CHECK(f.insert(15, 1) != nullptr);
  CHECK(f.firsts() == Firsts{15, 16, 26});
}

TEST_CASE("blocks: the newest are kept, and an older one finds no place any more") {
  Fixture f;
  for (std::uint64_t i = 10; i < 10 + Blocks::kBlocksMax + 100; ++i) {
    if (i % 7 == 0) continue;  // comes late
    REQUIRE(f.insert(i * 16, 16) != nullptr);
    if (i % 7 == 1 && i > 14) REQUIRE(f.insert((i - 1) * 16, 16) != nullptr);
  }
  REQUIRE(f.blocks.size() == Blocks::kBlocksMax);
  const Firsts firsts = f.firsts();
  for (std::size_t i = 1; i < firsts.size(); ++i) REQUIRE(firsts[i] == firsts[0] + 16 * i);
  CHECK(f.insert(firsts[0] - 16, 16) == nullptr);
  CHECK_FALSE(f.blocks.admits(firsts[0] - 16, 16));
  CHECK(f.firsts() == firsts);
  CHECK(f.blocks.find(ParityId{firsts[0], 0}) != nullptr);
  CHECK(f.insert(firsts.back() + 16, 16) != nullptr);
  CHECK(f.blocks.find(firsts[0]) == nullptr);
}
