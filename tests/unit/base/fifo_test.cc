#include "libcore/base/fifo.h"

#include <deque>
#include <memory>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;

TEST_CASE("fifo: what goes in comes out in that order", "[base]") {
  crypto::ChaChaRng rng(1);
  Fifo<std::unique_ptr<int>> fifo;
  std::deque<int> model;
  for (int i = 0; i < 10'000; ++i) {
    if (rng.below(100) < (i < 5'000 ? 55 : 45)) {
      fifo.push_back(std::make_unique<int>(i));
      model.push_back(i);
    } else if (!model.empty()) {
      REQUIRE(*fifo.front() == model.front());
      REQUIRE(*fifo.pop_front() == model.front());
      model.pop_front();
    }
    REQUIRE(fifo.size() == model.size());
    REQUIRE(fifo.empty() == model.empty());
  }
}

TEST_CASE("fifo: the memory of a long queue goes when it is empty, that of a short one stays", "[base]") {
  Fifo<int> fifo;
  CHECK(fifo.capacity_bytes() == 0);
  const auto fill_and_empty = [&](int n) {
    for (int i = 0; i < n; ++i) fifo.push_back(i);
    const std::size_t most = fifo.capacity_bytes();
    while (fifo.size() > 1) fifo.pop_front();
    CHECK(fifo.capacity_bytes() == most);
    fifo.pop_front();
    return most;
  };
  const std::size_t small = fill_and_empty(100);
  CHECK(fifo.capacity_bytes() == small);
  CHECK(fill_and_empty(100'000) > Fifo<int>::kKeptBytes);
  CHECK(fifo.capacity_bytes() == 0);
  fifo.push_back(7);
  CHECK(fifo.pop_front() == 7);
}

TEST_CASE("fifo: can be looked through from the front on, and cleared", "[base]") {
  Fifo<int> fifo;
  for (int i = 0; i < 5; ++i) fifo.push_back(i);
  fifo.pop_front();
  CHECK(std::vector<int>(fifo.begin(), fifo.end()) == std::vector<int>{1, 2, 3, 4});
  fifo.clear();
  CHECK(fifo.empty());
  CHECK(fifo.begin() == fifo.end());
}
