#include "libcore/stream/store.h"

#include <map>

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

bool insert(Store& store, BufferPool& pool, std::uint64_t sequence, std::uint8_t flags = 0) {
  StoredShard shard;
  shard.flags = flags;
  shard.frame = pool.take(20);
  shard.payload_offset = 11;
  return store.insert(sequence, std::move(shard));
}

}  // namespace

TEST_CASE("store: shards are found by sequence, and only once") {
  BufferPool pool;
  Store store;
  CHECK(store.head() == 0);
  CHECK(store.start_for_joiner() == 0);
  CHECK(insert(store, pool, 5));
  CHECK_FALSE(insert(store, pool, 5));
  CHECK(store.head() == 6);
  CHECK(store.tail() == 0);
  REQUIRE(store.find(5));
  CHECK(store.find(5)->payload().size() == 9);
  CHECK_FALSE(store.find(4));
  CHECK_FALSE(store.find(6));
  CHECK(store.covers(4));
  CHECK_FALSE(store.at(4).present());
}

TEST_CASE("store: what falls out below is gone, and its slot is clean") {
  BufferPool pool;
  Store store;
  for (std::uint64_t i = 0; i < 10; ++i) insert(store, pool, i);
  store.at(3).given_up = true;
  store.advance_head(Store::kSlots + 4);
  CHECK(store.tail() == 4);
  CHECK_FALSE(store.find(3));
  CHECK(store.find(4));
  CHECK_FALSE(insert(store, pool, 3));
  CHECK_FALSE(store.at(Store::kSlots + 3).present());  // the same slot
  CHECK_FALSE(store.at(Store::kSlots + 3).given_up);
  store.advance_head(10);
  CHECK(store.head() == Store::kSlots + 4);
}

TEST_CASE("store: the head may jump over everything") {
  BufferPool pool;
  Store store;
  insert(store, pool, 0);
  store.advance_head(std::uint64_t{1} << 60);
  CHECK(store.tail() == (std::uint64_t{1} << 60) - Store::kSlots);
  CHECK(store.next_present(0) == store.head());
  CHECK(store.start_for_joiner() == store.head());
  CHECK(insert(store, pool, store.head() + Store::kSlots - 1));
}

TEST_CASE("store: starts again at any sequence") {
  BufferPool pool;
  Store store;
  for (std::uint64_t i = 0; i < 1000; ++i) insert(store, pool, i, wire::kFlagRandomAccess);
  store.restart(77);
  CHECK(store.tail() == 77);
  CHECK(store.head() == 77);
  CHECK(store.start_for_joiner() == 77);
  CHECK_FALSE(insert(store, pool, 76));
  insert(store, pool, 80);
  for (std::uint64_t i = 77; i < 80; ++i) CHECK_FALSE(store.at(i).present());
  CHECK(store.start_for_joiner() == 80);
}

TEST_CASE("store: a late shard fills a hole that was given up") {
  BufferPool pool;
  Store store;
  store.advance_head(3);
  store.at(1).given_up = true;
  CHECK(insert(store, pool, 1));
  CHECK_FALSE(store.at(1).given_up);
}

TEST_CASE("store: a list is noted in every slot it covers that has none, and kept there when the shard comes") {
  BufferPool pool;
  Store store;
  store.restart(10);
  const Buffer list = pool.take(100);
  const Buffer other = pool.take(101);
  store.insert_list(list, 8, 4);
  CHECK(store.head() == 12);
  store.insert_list(other, 11, 3);
  insert(store, pool, 10);
  CHECK(store.at(10).list.size() == 100);
  CHECK(store.at(10).list_first == 8);
  CHECK(store.at(11).list.size() == 100);
  CHECK(store.at(13).list.size() == 101);
  CHECK(store.at(13).list_first == 11);
  CHECK_FALSE(store.at(11).present());
}

TEST_CASE("store: a joiner starts at the newest random-access point, else at the newest shard") {
  BufferPool pool;
  Store store;
  insert(store, pool, 3);
  insert(store, pool, 2);
  CHECK(store.start_for_joiner() == 3);
  insert(store, pool, 1, wire::kFlagRandomAccess);
  CHECK(store.start_for_joiner() == 1);
  insert(store, pool, 5, wire::kFlagRandomAccess);
  insert(store, pool, 4, wire::kFlagRandomAccess);
  insert(store, pool, 9);
  CHECK(store.start_for_joiner() == 5);
  store.advance_head(Store::kSlots + 6);
  CHECK(store.start_for_joiner() == 9);
}

TEST_CASE("store: agrees with a plain map under any operations") {
  crypto::ChaChaRng rng(1);
  for (int round = 0; round < 10; ++round) {
    BufferPool pool;
    Store store;
    std::map<std::uint64_t, bool> present;
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    const auto forget = [&] {
      if (head - tail > Store::kSlots) tail = head - Store::kSlots;
      present.erase(present.begin(), present.lower_bound(tail));
    };
    for (int i = 0; i < 4'000; ++i) {
      const std::uint64_t where = head + rng.below(200) - std::min<std::uint64_t>(head, 100);
      if (rng.below(500) == 0) {
        head += rng.below(10'000);
        store.advance_head(head);
      } else if (rng.below(1'000) == 0) {
        tail = head = rng.below(100'000);
        present.clear();
        store.restart(head);
      } else {
        const bool fresh = where >= tail && !present[where];
        REQUIRE(insert(store, pool, where) == fresh);
        if (where >= tail) head = std::max(head, where + 1);
        present[where] = true;
      }
      forget();
      REQUIRE(store.head() == head);
      REQUIRE(store.tail() == tail);
      const std::uint64_t from = tail + rng.below(head - tail + 10);
      const auto next = present.lower_bound(from);
      REQUIRE(store.next_present(from) == (next == present.end() ? head : next->first));
      std::uint64_t absent = std::max(from, tail);
      while (absent < head && present.count(absent) != 0) ++absent;
      REQUIRE(store.next_absent(from) == std::min(absent, head));
      REQUIRE((store.find(from) != nullptr) == (present.count(from) != 0));
    }
  }
}

TEST_CASE("store: its ring is no larger than it must be, and keeps what it should when that is no power of two") {
  constexpr std::uint64_t kKept = 1'000;
  BufferPool pool;
  Store store(kKept);
  for (std::uint64_t i = 0; i < 5 * kKept; ++i) {
    insert(store, pool, i);
    REQUIRE(store.next_absent(store.tail()) == store.head());
  }
  CHECK(store.head() - store.tail() == kKept);
  store.advance_head(store.head() + 10);
  CHECK(store.next_absent(store.tail()) == store.head() - 10);
  CHECK(store.next_present(store.head() - 10) == store.head());
}
