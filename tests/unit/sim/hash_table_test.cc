#include "libcore/sim/hash_table.h"

#include <map>

#include "libcore/base/rng.h"
#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;

TEST_CASE("hash table: holds what a map does, however much that is", "[sim]") {
  crypto::ChaChaRng rng{1};
  sim::HashTable<std::uint64_t> table;
  std::map<std::uint64_t, std::uint64_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    // Most come again; the low bits, by which they are placed, are often the same.
    const std::uint64_t hash = (rng.below(4'000) << 48) | (1 + rng.below(3));
    ++table[hash];
    ++expected[hash];
  }
  REQUIRE(table.size() == expected.size());
  for (const auto& [hash, count] : expected) REQUIRE(*table.find(hash) == count);
  CHECK(table.find(7) == nullptr);
}

TEST_CASE("hash table: an empty one has nothing, and zero is a hash like others", "[sim]") {
  sim::HashTable<int> table;
  CHECK_FALSE(table.contains(0));
  table[0] = 7;
  CHECK(*table.find(0) == 7);
  CHECK(table.size() == 1);
}
