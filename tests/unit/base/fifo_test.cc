#include "libcore/base/fifo.h"

#include <deque>
#include <memory>

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
