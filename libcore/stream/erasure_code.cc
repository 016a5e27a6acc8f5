#include "libcore/stream/erasure_code.h"

#include <isa-l/erasure_code.h>

#include <array>

#include "libcore/base/check.h"

namespace spate::stream {
namespace {

using wire::kParityMax;
using wire::kStripesMax;

constexpr std::size_t kTableBytes = 32;  // of ISA-L, for each weight

// ISA-L has no const.
unsigned char* unconst(const std::uint8_t* bytes) { return const_cast<unsigned char*>(bytes); }

struct Weights {
  Weights() {
    // It writes an identity above the rows that we want.
    std::array<std::uint8_t, (kStripesMax + kParityMax) * kStripesMax> matrix{};
    gf_gen_rs_matrix(matrix.data(), static_cast<int>(kStripesMax + kParityMax), static_cast<int>(kStripesMax));
    std::copy(matrix.begin() + kStripesMax * kStripesMax, matrix.end(), weights.begin());
    ec_init_tables(static_cast<int>(kStripesMax), static_cast<int>(kParityMax), weights.data(), tables.data());
  }
  std::uint8_t at(std::size_t index, std::size_t position) const { return weights[index * kStripesMax + position]; }

  std::array<std::uint8_t, kParityMax * kStripesMax> weights{};
  std::array<std::uint8_t, kTableBytes * kParityMax * kStripesMax> tables{};
};

const Weights& weights() {
  static const Weights made;
  return made;
}

}  // namespace

void add_symbol(MutableBytes parity, std::uint8_t index, Bytes symbol, std::size_t position) {
  SPATE_CHECK(index < kParityMax && position < kStripesMax && symbol.size() <= parity.size());
  unsigned char* to = parity.data();
  ec_encode_data_update(static_cast<int>(symbol.size()), static_cast<int>(kStripesMax), 1, static_cast<int>(position),
                        unconst(weights().tables.data() + index * kStripesMax * kTableBytes), unconst(symbol.data()),
                        &to);
}

void solve(std::span<const MutableBytes> out, std::span<const MutableBytes> sums, std::span<const std::uint8_t> indexes,
           std::span<const std::uint8_t> positions) {
  const std::size_t r = positions.size();
  SPATE_CHECK(r > 0 && r <= kParityMax && out.size() == r && sums.size() == r && indexes.size() == r);
  std::array<std::uint8_t, kParityMax * kParityMax> matrix{};
  std::array<std::uint8_t, kParityMax * kParityMax> inverse{};
  std::array<std::uint8_t, kTableBytes * kParityMax * kParityMax> tables{};
  std::array<unsigned char*, kParityMax> from{};
  std::array<unsigned char*, kParityMax> to{};
  for (std::size_t row = 0; row < r; ++row) {
    SPATE_CHECK(sums[row].size() == sums[0].size() && out[row].size() == sums[0].size());
    for (std::size_t column = 0; column < r; ++column)
      matrix[row * r + column] = weights().at(indexes[row], positions[column]);
    from[row] = sums[row].data();
    to[row] = out[row].data();
  }
  const int size = static_cast<int>(r);
  SPATE_CHECK(gf_invert_matrix(matrix.data(), inverse.data(), size) == 0);
  ec_init_tables(size, size, inverse.data(), tables.data());
  ec_encode_data(static_cast<int>(sums[0].size()), size, size, tables.data(), from.data(), to.data());
}

}  // namespace spate::stream
