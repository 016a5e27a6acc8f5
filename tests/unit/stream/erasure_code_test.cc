#include "libcore/stream/erasure_code.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

constexpr std::size_t kShards = wire::kStripesMax;

// The field as the format's text has it, bit by bit.
std::uint8_t product(unsigned a, unsigned b) {
  unsigned sum = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) sum ^= a;
    a = a << 1 ^ ((a & 0x80) != 0 ? 0x11d : 0);
  }
  return static_cast<std::uint8_t>(sum);
}

std::uint8_t weight(std::size_t index, std::size_t position) {
  std::uint8_t power = 1;
  for (std::size_t i = 0; i < index * position; ++i) power = product(power, 2);
  return power;
}

struct Coded {
  explicit Coded(std::size_t bytes) {
    crypto::ChaChaRng rng(bytes);
    for (std::size_t j = 0; j < kShards; ++j) symbols.push_back(random_bytes(rng, bytes));
    for (std::uint8_t i = 0; i < wire::kParityMax; ++i) {
      parity.emplace_back(bytes, std::uint8_t{0});
      for (std::size_t j = 0; j < kShards; ++j) add_symbol(parity[i], i, symbols[j], j);
    }
  }

  // Loses the symbols at `positions` and finds them from these parities.
  bool finds(std::vector<std::uint8_t> indexes, std::vector<std::uint8_t> positions) const {
    std::vector<ByteVector> sums;
    for (const std::uint8_t i : indexes) {
      sums.push_back(parity[i]);
      for (std::uint8_t j = 0; j < kShards; ++j)
        if (std::find(positions.begin(), positions.end(), j) == positions.end())
          add_symbol(sums.back(), i, symbols[j], j);
    }
    std::vector<ByteVector> found(sums.size(), ByteVector(sums[0].size()));
    const std::vector<MutableBytes> from(sums.begin(), sums.end());
    const std::vector<MutableBytes> to(found.begin(), found.end());
    solve(to, from, indexes, positions);
    for (std::size_t k = 0; k < positions.size(); ++k)
      if (found[k] != symbols[positions[k]]) return false;
    return true;
  }

  std::vector<ByteVector> symbols;
  std::vector<ByteVector> parity;
};

}  // namespace

TEST_CASE("erasure code: the field and the weights are those of the format's text") {
  CHECK(product(0x80, 2) == 0x1d);
  CHECK(weight(2, 4) == 0x1d);
  crypto::ChaChaRng rng(1);
  for (const std::size_t bytes : {1u, 7u, 31u, 32u, 33u, 63u, 64u, 65u, 100u, 1'198u, 1'386u}) {
    const ByteVector symbol = random_bytes(rng, bytes);
    for (std::uint8_t i = 0; i < wire::kParityMax; ++i)
      for (std::size_t j = 0; j < kShards; ++j) {
        const ByteVector before = random_bytes(rng, bytes + 10);
        ByteVector sum = before;
        add_symbol(sum, i, symbol, j);
        ByteVector expected = before;
        for (std::size_t b = 0; b < bytes; ++b) expected[b] ^= product(symbol[b], weight(i, j));
        REQUIRE(sum == expected);
      }
  }
}

TEST_CASE("erasure code: parity 0 is the exclusive or of all") {
  const Coded coded(200);
  ByteVector expected(200);
  for (const ByteVector& symbol : coded.symbols)
    for (std::size_t b = 0; b < 200; ++b) expected[b] ^= symbol[b];
  CHECK(coded.parity[0] == expected);
}

TEST_CASE("erasure code: any one, two or three symbols follow from as many parities, whichever") {
  const Coded coded(40);
  for (std::uint8_t a = 0; a < kShards; ++a) {
    for (std::uint8_t i = 0; i < 3; ++i) REQUIRE(coded.finds({i}, {a}));
    for (std::uint8_t b = 0; b < a; ++b) {
      REQUIRE(coded.finds({0, 1}, {b, a}));
      REQUIRE(coded.finds({0, 2}, {b, a}));
      REQUIRE(coded.finds({1, 2}, {b, a}));
      for (std::uint8_t c = 0; c < b; ++c) REQUIRE(coded.finds({0, 1, 2}, {c, b, a}));
    }
  }
  for (const std::size_t bytes : {1u, 16u, 1'386u}) CHECK(Coded(bytes).finds({0, 1, 2}, {0, 5, 31}));
}
