#include "libcore/session/index_table.h"

#include <set>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;

TEST_CASE("index table: an index finds its owner until it is released", "[session]") {
  crypto::ChaChaRng rng(1);
  IndexTable table(rng);
  const auto a = table.allocate({IndexTable::Kind::kSession, 7});
  const auto b = table.allocate({IndexTable::Kind::kHalfOpen, 8});
  REQUIRE((a && b));
  CHECK(*a != *b);
  CHECK(table.find(*a).kind == IndexTable::Kind::kSession);
  CHECK(table.find(*a).slot == 7);
  CHECK(table.find(*b).slot == 8);
  table.reassign(*b, {IndexTable::Kind::kSession, 9});
  CHECK(table.find(*b).kind == IndexTable::Kind::kSession);
  CHECK(table.find(*b).slot == 9);
  table.release(*a);
  CHECK(table.find(*a).kind == IndexTable::Kind::kFree);
  CHECK(table.find(*b).slot == 9);
}

TEST_CASE("index table: an old index does not find the slot's new owner", "[session]") {
  crypto::ChaChaRng rng(1);
  IndexTable table(rng);
  std::set<std::uint32_t> old;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto index = table.allocate({IndexTable::Kind::kSession, i});
    REQUIRE(index);
    CHECK(old.count(*index) == 0);  // 16 random bits; this seed repeats none
    for (const std::uint32_t stale : old) REQUIRE(table.find(stale).kind == IndexTable::Kind::kFree);
    old.insert(*index);
    table.release(*index);
  }
}

TEST_CASE("index table: guesses find nothing", "[session]") {
  crypto::ChaChaRng rng(1);
  IndexTable table(rng);
  const auto index = table.allocate({IndexTable::Kind::kSession, 1});
  REQUIRE(index);
  for (std::uint32_t i = 0; i < 65'536; ++i)
    if (i != (*index >> 16)) REQUIRE(table.find(i << 16 | (*index & 0xffff)).kind == IndexTable::Kind::kFree);
  for (const std::uint32_t i : {0u, 1u, 0xffffu, 0xffffffffu})
    if (i != *index) CHECK(table.find(i).kind == IndexTable::Kind::kFree);
}

TEST_CASE("index table: full, it says so, and serves again after a release", "[session]") {
  crypto::ChaChaRng rng(1);
  IndexTable table(rng);
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < IndexTable::kMax; ++i) {
    const auto index = table.allocate({IndexTable::Kind::kSession, static_cast<std::uint32_t>(i)});
    REQUIRE(index);
    last = *index;
  }
  CHECK_FALSE(table.allocate({IndexTable::Kind::kSession, 1}));
  table.release(last);
  CHECK(table.allocate({IndexTable::Kind::kSession, 1}));
  CHECK_FALSE(table.allocate({IndexTable::Kind::kSession, 1}));
}
