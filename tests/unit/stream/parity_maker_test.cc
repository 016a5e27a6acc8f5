#include "libcore/stream/parity_maker.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;

namespace {

constexpr crypto::SymmetricKey kSalt{7};

ByteVector shard_frame(Rng& rng, std::uint64_t sequence, bool with_signature) {
  ByteVector frame(wire::shard_frame_bytes(1 + static_cast<std::size_t>(rng.below(1'128)), with_signature));
  rng.fill(frame);
  crypto::Signature signature;
  rng.fill(signature);
  const wire::ShardHeader header{sequence, rng.below(1u << 30), static_cast<std::uint8_t>(sequence % 16),
                                 static_cast<std::uint8_t>(rng.below(4))};
  wire::write_shard_header(frame, header, with_signature ? &signature : nullptr);
  return frame;
}

// As the format's text has it, taken from the frame's bytes.
ByteVector symbol_of(const ByteVector& frame) {
  const bool with_signature = frame[0] == 1;
  const std::size_t payload = frame.size() - (with_signature ? 75 : 11);
  ByteVector symbol = {
      static_cast<std::uint8_t>(frame[2] << 4 | (with_signature ? 8 : 0) | static_cast<int>(payload >> 8)),
      static_cast<std::uint8_t>(payload & 0xff)};
  append(symbol, Bytes{frame}.subspan(7));
  return symbol;
}

struct Fixture {
  Fixture(std::size_t stripes, std::size_t parity) : maker(stripes, parity, kSalt, crypto::sodium_suite(), pool) {}
  ByteVector add(std::uint64_t sequence, bool with_signature = false) {
    ByteVector frame = shard_frame(rng, sequence, with_signature);
    maker.add(sequence, frame, kStart + std::chrono::milliseconds(sequence));
    return frame;
  }

  crypto::ChaChaRng rng{5};
  BufferPool pool;
  ParityMaker maker;
};

}  // namespace

TEST_CASE("parity maker: one parity is the exclusive or of the shards' symbols") {
  for (const std::uint64_t from : {std::uint64_t{32}, std::uint64_t{40}, (std::uint64_t{1} << 40) + 3}) {
    Fixture f(16, 1);
    ByteVector sum;
    std::uint64_t sequence = from;
    for (; sequence == from || sequence % 16 != 0; ++sequence) {
      CHECK(f.maker.made().empty());
      const ByteVector symbol = symbol_of(f.add(sequence, sequence % 3 == 0));
      sum.resize(std::max(sum.size(), symbol.size()));
      for (std::size_t b = 0; b < symbol.size(); ++b) sum[b] ^= symbol[b];
    }
    REQUIRE(f.maker.made().size() == 1);
    const MadeBlock& made = f.maker.made()[0];
    CHECK(made.first == from);
    CHECK(made.count == sequence - from);
    const Bytes frame = made.frames[0].bytes();
    CHECK(frame[0] == 5);
    CHECK(frame[1] == made.count - 1);
    CHECK(std::ranges::equal(frame.subspan(5), sum));
    CHECK(made.leaves[0] ==
          crypto::sodium_suite().leaf_hash(wire::parity_leaf_header(from, 0, made.count), sum, kSalt));
    CHECK_FALSE(made.frames[1]);
    CHECK_FALSE(f.maker.open_since());
  }
}

TEST_CASE("parity maker: a block ends at a multiple of the stripes, or when it is closed") {
  Fixture f(4, 3);
  for (std::uint64_t sequence = 2; sequence < 11; ++sequence) f.add(sequence);
  CHECK(f.maker.open_since() == kStart + std::chrono::milliseconds(8));
  f.maker.close();
  f.maker.close();
  CHECK_FALSE(f.maker.open_since());
  f.add(11);
  const auto made = f.maker.made();
  REQUIRE(made.size() == 4);
  std::uint64_t first = 2;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(made[i].first == first);
    CHECK(made[i].count == std::array{2, 4, 3, 1}[i]);
    for (const Buffer& frame : made[i].frames) CHECK(frame);
    first += made[i].count;
  }
  f.maker.pop_made(3);
  CHECK(f.maker.made()[0].first == 11);
}

TEST_CASE("parity maker: with one stripe or no parity it makes none") {
  Fixture whole(1, 3);
  Fixture none(16, 0);
  for (std::uint64_t sequence = 0; sequence < 40; ++sequence) {
    whole.add(sequence);
    none.add(sequence);
  }
  whole.maker.close();
  CHECK(whole.maker.made().empty());
  CHECK(none.maker.made().empty());
  CHECK_FALSE(none.maker.open_since());
}
