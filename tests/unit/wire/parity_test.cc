#include "libcore/wire/parity.h"

#include "libcore/base/reader.h"
#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::wire;
using tests::stream_vector;
using tests::to_array;

namespace {

std::vector<std::uint8_t> parity_frame(std::uint64_t first, int index, int count, std::size_t symbol) {
  std::vector<std::uint8_t> frame(kParityHeaderBytes + symbol, 9);
  write_parity_header(frame, first, static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(count));
  return frame;
}

}  // namespace

TEST_CASE("parity: what was written is read, for every index and count") {
  for (int index = 0; index < 3; ++index)
    for (int count = 1; count <= 32; ++count) {
      const auto frame = parity_frame(0x1122334455, index, count, 50);
      const auto parity = parse_parity(frame);
      REQUIRE(parity);
      REQUIRE(parity->index == index);
      REQUIRE(parity->count == count);
      REQUIRE(parity->first_low == 0x334455);
      REQUIRE(parity->first(0x1122b00000) == 0x1122334455);
      REQUIRE(parity->symbol.size() == 50);
    }
}

TEST_CASE("parity: the frame has the layout of the format's text") {
  CHECK(to_hex(parity_frame(0x1122334455, 2, 17, 7)) == "055033445509090909090909");
  CHECK(kParityHeaderBytes + symbol_bytes(kPayloadBytes, true) == 1391);
}

TEST_CASE("parity: its leaf hash matches the independent implementation") {
  const auto field = [](const char* name) { return stream_vector("private_run", name); };
  const std::uint64_t first = Reader(field("first")).u64();
  const auto list_frame = field("list");
  const auto list = parse_hash_list(list_frame);
  REQUIRE(list);
  REQUIRE(list->parity_count() == 2);
  for (std::uint8_t i = 0; i < 2; ++i) {
    const auto frame = field(i == 0 ? "parity_0" : "parity_1");
    const auto parity = parse_parity(frame);
    REQUIRE(parity);
    CHECK(parity->first(first) == first);
    CHECK(parity->index == i);
    CHECK(parity->count == 3);
    CHECK(list->parity_proof(i).first == first);
    const auto header = parity_leaf_header(first, i, 3);
    const auto leaf = crypto::sodium_suite().leaf_hash(header, parity->symbol, to_array<32>(field("salt")));
    CHECK(leaf == list->parity_proof(i).leaf);
  }
}

TEST_CASE("parity: a frame of the wrong type, size or index is refused") {
  for (std::size_t size = 0; size < kSymbolBytesMin; ++size) REQUIRE_FALSE(parse_parity(parity_frame(1, 0, 1, size)));
  CHECK(parse_parity(parity_frame(1, 0, 1, kSymbolBytesMin)));
  CHECK(parse_parity(parity_frame(1, 0, 1, kSymbolBytesMax)));
  CHECK_FALSE(parse_parity(parity_frame(1, 0, 1, kSymbolBytesMax + 1)));
  for (int index = 3; index < 8; ++index) CHECK_FALSE(parse_parity(parity_frame(1, index, 1, 50)));
  auto frame = parity_frame(1, 0, 1, 50);
  for (std::size_t size = 0; size < kParityHeaderBytes; ++size) CHECK_FALSE(parse_parity(Bytes{frame}.first(size)));
  for (const int type : {0, 1, 2, 3, 4, 6, 16, 255}) {
    frame[0] = static_cast<std::uint8_t>(type);
    CHECK_FALSE(parse_parity(frame));
  }
}

TEST_CASE("symbol: with the sequence and the stripe it is the shard's frame") {
  crypto::ChaChaRng rng(3);
  for (const std::size_t payload : {1u, 2u, 188u, 1128u, 1316u})
    for (const bool with_signature : {false, true})
      for (const int flags : {0, 1, 15}) {
        std::vector<std::uint8_t> frame(shard_frame_bytes(payload, with_signature));
        rng.fill(frame);
        crypto::Signature signature;
        rng.fill(signature);
        const ShardHeader header{0x1122334455667788, 0xaabbccddeeff, 8, static_cast<std::uint8_t>(flags)};
        write_shard_header(frame, header, with_signature ? &signature : nullptr);

        ByteArray<kSymbolBytesMax> symbol{};
        const std::size_t size = write_symbol(symbol, *parse_shard(frame));
        REQUIRE(size == symbol_bytes(payload, with_signature));
        auto shard = parse_symbol(Bytes{symbol});  // padded
        REQUIRE(shard);
        shard->stripe = 8;
        shard->sequence_low = 0x55667788;
        std::vector<std::uint8_t> again(shard_frame_bytes(payload, with_signature));
        write_shard(again, *shard);
        REQUIRE(again == frame);
        for (std::size_t n = 0; n < size; ++n) REQUIRE_FALSE(parse_symbol(Bytes{symbol}.first(n)));
      }
}

TEST_CASE("symbol: the layout of the format's text, and what is none") {
  std::vector<std::uint8_t> frame(shard_frame_bytes(2, false), 0xee);
  write_shard_header(frame, {7, 0x0102030405, 7, 3}, nullptr);
  ByteArray<kSymbolBytesMax> symbol{};
  REQUIRE(write_symbol(symbol, *parse_shard(frame)) == 8);
  CHECK(to_hex(Bytes{symbol}.first(8)) ==
        "3002"
        "02030405"
        "eeee");
  symbol[1] = 0;
  CHECK_FALSE(parse_symbol(symbol));  // an empty payload
  symbol[0] = 0x05;
  symbol[1] = 0x25;  // one of 1,317
  CHECK_FALSE(parse_symbol(std::vector<std::uint8_t>(symbol.begin(), symbol.end())));
}
