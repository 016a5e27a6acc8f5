#include "libcore/base/rng.h"

#include <algorithm>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;

namespace {

// Draws the given 64-bit values, in order.
class ScriptedRng final : public Rng {
 public:
  explicit ScriptedRng(std::vector<std::uint64_t> values) : values_(std::move(values)) {}
  void fill(MutableBytes out) override {
    REQUIRE(out.size() == 8);
    std::uint64_t value = values_.at(next_++);
    for (std::size_t i = 8; i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value & 0xff);
  }
  std::unique_ptr<Rng> fork(std::string_view) const override { return nullptr; }
  std::size_t drawn() const { return next_; }

 private:
  std::vector<std::uint64_t> values_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("rng: integers are big-endian, and the short one is the high half") {
  ScriptedRng rng({0x1122334455667788, 0x1122334455667788});
  CHECK(rng.u64() == 0x1122334455667788);
  CHECK(rng.u32() == 0x11223344);
}

TEST_CASE("rng: below() draws again what would bias it") {
  // 2^64 mod 3 = 1: the value 0 is one too many.
  ScriptedRng rng({0, 0, 4, 7});
  CHECK(rng.below(3) == 1);
  CHECK(rng.drawn() == 3);
  CHECK(rng.below(1) == 0);
}

TEST_CASE("rng: below() and unit() stay in range and fill it evenly") {
  crypto::ChaChaRng rng(3);
  std::vector<int> hits(7);
  double sum = 0;
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t n = rng.below(7);
    REQUIRE(n < 7);
    ++hits[static_cast<std::size_t>(n)];
    const double u = rng.unit();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    sum += u;
  }
  CHECK(*std::min_element(hits.begin(), hits.end()) > 9'600);  // 4 standard deviations
  CHECK(*std::max_element(hits.begin(), hits.end()) < 10'400);
  CHECK(sum / 70'000 == Approx(0.5).margin(0.005));
}

TEST_CASE("rng: the largest ranges work") {
  ScriptedRng rng({UINT64_MAX, 5, UINT64_MAX});
  CHECK(rng.below(UINT64_MAX) == 0);
  CHECK(rng.below(std::uint64_t{1} << 63) == 5);
  CHECK(rng.unit() < 1);
}
