#include "libcore/wire/shard.h"

#include "libcore/base/reader.h"
#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::wire;
using tests::stream_vector;
using tests::to_array;

namespace {

std::vector<std::uint8_t> shard_frame(const ShardHeader& header, const crypto::Signature* signature, Bytes payload) {
  std::vector<std::uint8_t> frame(shard_frame_bytes(payload.size(), signature != nullptr));
  const std::size_t n = write_shard_header(frame, header, signature);
  REQUIRE(n + payload.size() == frame.size());
  std::copy(payload.begin(), payload.end(), frame.begin() + static_cast<std::ptrdiff_t>(n));
  return frame;
}

std::vector<std::uint8_t> list_frame(std::uint64_t first, std::size_t n, std::span<const ParityProof> parity = {}) {
  std::vector<crypto::LeafHash> leaves(n);
  for (std::size_t i = 0; i < n; ++i) leaves[i].fill(static_cast<std::uint8_t>(i));
  std::vector<std::uint8_t> frame(hash_list_frame_bytes(n, parity.size()));
  write_hash_list(frame, 0x0102030405060708, first, 0x0a0b0c0d0e0f, leaves, parity);
  return frame;
}

ParityProof proof_of(std::uint64_t first, int index, int count) {
  ParityProof proof{first, static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(count), {}};
  proof.leaf.fill(static_cast<std::uint8_t>(100 + index));
  return proof;
}

}  // namespace

TEST_CASE("restore: the value nearest to the reference with those low bits") {
  struct Row {
    std::uint32_t low;
    std::uint64_t reference;
    std::uint64_t restored;
  };
  const std::uint64_t wrap = std::uint64_t{1} << 32;
  const Row rows[] = {
      {0, 0, 0},
      {5, 3, 5},
      {0xffffffff, 0, 0xffffffff},  // nothing lies below 0
      {0x80000000, 0, 0x80000000},
      {0, 0xffffffff, wrap},
      {0xffffffff, wrap, wrap - 1},
      {2, 5 * wrap - 3, 5 * wrap + 2},
      {0xfffffff0, 5 * wrap + 3, 5 * wrap - 16},
      {0x80000001, 5 * wrap, 5 * wrap - wrap + 0x80000001},
      {0x7fffffff, 5 * wrap, 5 * wrap + 0x7fffffff},
      {0x12345678, 7 * wrap + 0x12345678, 7 * wrap + 0x12345678},
  };
  for (const Row& row : rows) CHECK(restore(row.low, row.reference) == row.restored);
}

TEST_CASE("restore: right for every true value within 2^31 of the reference") {
  crypto::ChaChaRng rng(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t reference = (std::uint64_t{1} << 32) + rng.below(std::uint64_t{1} << 60);
    const std::uint64_t truth = reference - 0x7fffffff + rng.below(0xffffffff);
    REQUIRE(restore(static_cast<std::uint32_t>(truth), reference) == truth);
  }
}

TEST_CASE("restore: of 24 bits, right for every true value within 2^23 of the reference") {
  CHECK(restore<24>(0xffffff, 0x1000000) == 0xffffff);
  CHECK(restore<24>(0xffffff, 0) == 0xffffff);
  CHECK(restore<24>(2, 0x2fffffd) == 0x3000002);
  crypto::ChaChaRng rng(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t reference = (std::uint64_t{1} << 24) + rng.below(std::uint64_t{1} << 60);
    const std::uint64_t truth = reference - 0x7fffff + rng.below(0xffffff);
    REQUIRE(restore<24>(static_cast<std::uint32_t>(truth & 0xffffff), reference) == truth);
  }
}

TEST_CASE("shard: what was written is read, with and without a signature") {
  const std::vector<std::uint8_t> payload = {1, 2, 3};
  crypto::Signature signature;
  signature.fill(9);
  const ShardHeader header{0x1122334455667788, 0xaabbccddeeff, 3, kFlagRandomAccess};
  const bool with_signature = GENERATE(false, true);
  const auto frame = shard_frame(header, with_signature ? &signature : nullptr, payload);
  const auto shard = parse_shard(frame);
  REQUIRE(shard);
  CHECK(shard->has_signature == with_signature);
  CHECK(shard->sequence_low == 0x55667788);
  CHECK(shard->media_low == 0xccddeeff);
  CHECK(std::equal(payload.begin(), payload.end(), shard->payload.begin(), shard->payload.end()));
  CHECK(shard->signature.size() == (with_signature ? 64u : 0u));
  const ShardHeader restored = shard->header(0x1122334455660000, 0xaabbccdd0000);
  CHECK(restored.sequence == header.sequence);
  CHECK(restored.media_us == header.media_us);
  CHECK(restored.stripe == 3);
  CHECK(restored.flags == kFlagRandomAccess);
}

TEST_CASE("shard: a frame of the wrong type or size is refused") {
  const std::vector<std::uint8_t> most(kPayloadBytes);
  auto frame = shard_frame({}, nullptr, most);
  CHECK(parse_shard(frame));
  frame.push_back(0);
  CHECK_FALSE(parse_shard(frame));
  for (const int type : {0, 3, 4, 16, 255}) {
    frame[0] = static_cast<std::uint8_t>(type);
    frame.resize(100);
    CHECK_FALSE(parse_shard(frame));
  }
  for (const int flags : {16, 32, 64, 128}) {
    frame = shard_frame({0, 0, 0, static_cast<std::uint8_t>(flags)}, nullptr, Bytes{most}.first(1));
    CHECK_FALSE(parse_shard(frame));
  }
  CHECK(parse_shard(shard_frame({0, 0, 0, kFlagsMax}, nullptr, Bytes{most}.first(1))));
  const crypto::Signature signature{};
  const auto inlined = shard_frame({}, &signature, Bytes{most}.first(1));
  CHECK(parse_shard(inlined));
  for (std::size_t n = 0; n < inlined.size(); ++n) REQUIRE_FALSE(parse_shard(Bytes{inlined}.first(n)));
  const auto listed = shard_frame({}, nullptr, Bytes{most}.first(1));
  for (std::size_t n = 0; n < listed.size(); ++n) REQUIRE_FALSE(parse_shard(Bytes{listed}.first(n)));
}

TEST_CASE("hash list: what was written is read, for every count") {
  for (std::size_t n = 1; n <= kListShardsMax; ++n) {
    const auto frame = list_frame(77, n);
    const auto list = parse_hash_list(frame);
    REQUIRE(list);
    REQUIRE(list->count() == n);
    REQUIRE(list->epoch == 0x0102030405060708);
    REQUIRE(list->first == 77);
    REQUIRE(list->media_us == 0x0a0b0c0d0e0f);
    REQUIRE(list->leaf(n - 1)[15] == n - 1);
    REQUIRE(list->signature.size() == 64);
    REQUIRE(list->parity_count() == 0);
    REQUIRE(hash_list_count(frame) == n);
  }
}

TEST_CASE("hash list: what it says of parity is read, beside shards and without any") {
  const std::size_t n = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{48});
  std::vector<ParityProof> parity;
  for (std::size_t p = 1; p <= kListParityMax; ++p) {
    const int index = static_cast<int>(p % 3);
    const int count = p == 1 ? 32 : static_cast<int>(p);
    parity.push_back(proof_of(1'000 + n - (p == 2 ? 80 : static_cast<std::uint64_t>(count)), index, count));
    const auto frame = list_frame(1'000, n, parity);
    const auto list = parse_hash_list(frame);
    REQUIRE(list);
    REQUIRE(list->count() == n);
    REQUIRE(list->end() == 1'000 + n);
    REQUIRE(list->parity_count() == p);
    for (std::size_t i = 0; i < p; ++i) {
      const ParityProof proof = list->parity_proof(i);
      REQUIRE(proof.first == parity[i].first);
      REQUIRE(proof.index == parity[i].index);
      REQUIRE(proof.count == parity[i].count);
      REQUIRE(proof.leaf == parity[i].leaf);
    }
    for (std::size_t size = 0; size < frame.size(); ++size) REQUIRE_FALSE(parse_hash_list(Bytes{frame}.first(size)));
  }
  parity.push_back(parity.back());
  CHECK_FALSE(parse_hash_list(list_frame(1'000, n, parity)));
}

TEST_CASE("hash list: a block that cannot be is refused") {
  const ParityProof whole[] = {proof_of(0, 2, 5)};
  const auto good = list_frame(5, 0, whole);
  CHECK(parse_hash_list(good));
  const auto changed = [&](int back, int index, int count) {
    auto frame = good;
    frame[26] = static_cast<std::uint8_t>(back);
    frame[27] = static_cast<std::uint8_t>(index << 5 | (count - 1));
    return parse_hash_list(frame).has_value();
  };
  CHECK(changed(5, 0, 5));
  CHECK(changed(4, 1, 1));
  CHECK_FALSE(changed(6, 0, 5));  // begins below 0
  CHECK_FALSE(changed(5, 0, 6));  // ends above the list
  CHECK_FALSE(changed(0, 0, 1));
  CHECK_FALSE(changed(5, 3, 5));  // there are three at most
  CHECK_FALSE(changed(5, 7, 5));
}

TEST_CASE("hash list: a wrong count, size, flag or range is refused") {
  const auto good = list_frame(77, 3);
  for (std::size_t n = 0; n < good.size(); ++n) REQUIRE_FALSE(parse_hash_list(Bytes{good}.first(n)));
  auto frame = good;
  frame.push_back(0);
  CHECK_FALSE(parse_hash_list(frame));
  for (const int count : {0, 2, 4, 48, 49, 255}) {
    frame = good;
    frame[23] = static_cast<std::uint8_t>(count);
    CHECK_FALSE(parse_hash_list(frame));
  }
  frame = good;
  frame[24] = 1;  // flags
  CHECK_FALSE(parse_hash_list(frame));
  frame = good;
  frame[25] = 1;  // of parity
  CHECK_FALSE(parse_hash_list(frame));
  CHECK_FALSE(parse_hash_list(list_frame(77, 0)));
  CHECK_FALSE(parse_hash_list(list_frame(UINT64_MAX - 1, 3)));
  std::vector<std::uint8_t> too_many(hash_list_frame_bytes(49));
  std::copy(good.begin(), good.begin() + 26, too_many.begin());
  too_many[23] = 49;
  CHECK_FALSE(parse_hash_list(too_many));
}

TEST_CASE("shard and hash list: leaf hashes and signatures match the independent implementation") {
  const auto field = [](const char* name) { return stream_vector("private_run", name); };
  const crypto::Suite& suite = crypto::sodium_suite();
  const crypto::StreamKeyPair key = crypto::stream_key_pair(to_array<32>(field("seed")));
  const std::uint64_t epoch = Reader(field("epoch")).u64();
  const std::uint64_t first = Reader(field("first")).u64();
  const std::uint64_t media_us = Reader(field("media_us")).u48();
  const crypto::SymmetricKey salt = leaf_salt(key.public_key, epoch);
  CHECK(salt == to_array<32>(field("salt")));

  const auto leaf_of = [&](const char* name) {
    const auto frame = field(name);
    const auto shard = parse_shard(frame);
    REQUIRE(shard);
    return suite.leaf_hash(leaf_header(shard->header(first, media_us)), shard->payload, salt);
  };
  const auto sign = [&](std::uint64_t from, std::uint64_t at_us, Bytes leaves, Bytes parity) {
    ByteArray<kAuthMessageBytesMax> message;
    const std::size_t size = write_auth_message(message, key.public_key, epoch, from, at_us, leaves, parity);
    return suite.sign(Bytes{message}.first(size), key.secret);
  };
  const auto inlined = field("shard_0");
  const crypto::LeafHash leaf = leaf_of("shard_0");
  CHECK(std::ranges::equal(sign(first, media_us, leaf, {}), parse_shard(inlined)->signature));

  const auto frame = field("list");
  const auto list = parse_hash_list(frame);
  REQUIRE(list);
  REQUIRE(list->count() == 2);
  CHECK(list->epoch == epoch);
  CHECK(list->first == first + 1);
  CHECK(std::ranges::equal(leaf_of("shard_1"), list->leaf(0)));
  CHECK(std::ranges::equal(leaf_of("shard_2"), list->leaf(1)));
  CHECK(std::ranges::equal(sign(list->first, list->media_us, list->leaves, list->parity), list->signature));
}
