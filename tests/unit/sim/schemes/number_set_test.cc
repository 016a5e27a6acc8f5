#include "libcore/sim/schemes/number_set.h"

#include "tests/catch.h"

namespace spate::sim {

TEST_CASE("a set of numbers follows the largest") {
  NumberSet set(200);
  CHECK(set.add(5));
  CHECK_FALSE(set.add(5));
  CHECK(set.has(5));
  CHECK_FALSE(set.has(4));
  CHECK_FALSE(set.has(6));
  CHECK(set.end() == 6);
  CHECK(set.add(1'000));
  CHECK(set.end() == 1'001);
  CHECK(set.begin() > 5);
  CHECK(set.begin() <= 800);
  CHECK(set.has(5));  // below the window
  CHECK_FALSE(set.add(6));
  CHECK_FALSE(set.has(900));
}

TEST_CASE("what one set has and another lacks is found, newest first") {
  NumberSet here(500), there(500);
  const NumberSet none(500);
  for (std::uint64_t n = 0; n < 300; ++n) here.add(n);
  for (std::uint64_t n = 100; n < 290; ++n) there.add(n);
  CHECK(here.newest_beyond(there, none, 300) == 299);
  CHECK(here.newest_beyond(there, none, 290) == 99);
  CHECK(here.newest_beyond(there, none, 50) == 49);
  NumberSet spent(500);
  for (std::uint64_t n = 40; n < 99; ++n) spent.add(n);
  CHECK(here.newest_beyond(there, spent, 99) == 39);
  there.raise(40);
  CHECK_FALSE(here.newest_beyond(there, spent, 99));
}

TEST_CASE("a set written as bits is the same set") {
  NumberSet set(500);
  for (const std::uint64_t n : {70u, 71u, 75u, 200u}) set.add(n);
  NumberSet copy(500);
  copy.add(3);
  copy.assign(70, set.bits(70, 100));
  for (std::uint64_t n = 70; n < 210; ++n) CHECK(copy.has(n) == set.has(n));
  CHECK(copy.begin() == 70);
  CHECK(set.bits(70, 2).size() == 2);
}

}  // namespace spate::sim
