#include <algorithm>
#include <string>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/hash.h"
#include "libcore/crypto/suite.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::crypto;
using tests::from_hex;
using tests::session_vector;
using tests::to_array;

namespace {

const Suite& suite = sodium_suite();

std::uint64_t counter_of(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t counter = 0;
  for (const std::uint8_t b : bytes) counter = counter << 8 | b;
  return counter;
}

}  // namespace

TEST_CASE("Sealing matches the independent implementation", "[crypto]") {
  const auto key = to_array<32>(session_vector("aead", "key"));
  const std::uint64_t counter = counter_of(session_vector("aead", "counter"));
  const auto associated = session_vector("aead", "associated");
  const auto text = session_vector("aead", "text");
  const auto expected = session_vector("aead", "sealed");

  std::vector<std::uint8_t> sealed(text.size() + kTagBytes);
  suite.seal(sealed, text, associated, key, counter);
  CHECK(sealed == expected);
  std::vector<std::uint8_t> opened(text.size());
  REQUIRE(suite.open(opened, sealed, associated, key, counter));
  CHECK(opened == text);
}

TEST_CASE("Nothing opens that is not exactly what was sealed", "[crypto]") {
  const SymmetricKey key{1};
  std::vector<std::uint8_t> associated{4, 0, 0, 0, 1};
  const std::vector<std::uint8_t> text{'s', 'p', 'a', 't', 'e'};
  std::vector<std::uint8_t> sealed(text.size() + kTagBytes);
  suite.seal(sealed, text, associated, key, 3);
  std::vector<std::uint8_t> out(text.size());
  REQUIRE(suite.open(out, sealed, associated, key, 3));

  for (std::uint8_t& byte : sealed) {
    byte ^= 1;
    CHECK_FALSE(suite.open(out, sealed, associated, key, 3));
    byte ^= 1;
  }
  for (std::uint8_t& byte : associated) {
    byte ^= 0x80;
    CHECK_FALSE(suite.open(out, sealed, associated, key, 3));
    byte ^= 0x80;
  }
  CHECK_FALSE(suite.open(out, sealed, associated, key, 4));
  CHECK_FALSE(suite.open(out, sealed, associated, key, 3 + (std::uint64_t{1} << 32)));
  CHECK_FALSE(suite.open(out, sealed, associated, SymmetricKey{2}, 3));
  // Shorter than a tag: nothing is read.
  for (std::size_t n = 0; n < kTagBytes; ++n) CHECK_FALSE(suite.open({}, Bytes{sealed}.first(n), associated, key, 3));
  CHECK(suite.open(out, sealed, associated, key, 3));
}

TEST_CASE("An empty text seals to a tag", "[crypto]") {
  const SymmetricKey key{1};
  ByteArray<kTagBytes> tag;
  suite.seal(tag, {}, {}, key, 0);
  CHECK(suite.open({}, tag, {}, key, 0));
  tag[0] ^= 1;
  CHECK_FALSE(suite.open({}, tag, {}, key, 0));
}

TEST_CASE("Ed25519 gives RFC 8032's signature, and the independent implementation's", "[crypto]") {
  const StreamKeyPair rfc =
      stream_key_pair(to_array<32>(from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
  CHECK(to_hex(rfc.public_key.bytes) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(to_hex(suite.sign({}, rfc.secret)) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
        "be24655141438e7a100b");

  const StreamKeyPair key = stream_key_pair(to_array<32>(session_vector("ed25519", "seed")));
  const auto message = session_vector("ed25519", "message");
  CHECK(suite.sign(message, key.secret) == to_array<64>(session_vector("ed25519", "signature")));
}

TEST_CASE("Only the message, signature and key that belong together verify", "[crypto]") {
  const StreamKeyPair key = stream_key_pair({1});
  std::vector<std::uint8_t> message{'l', 'i', 'v', 'e'};
  Signature signature = suite.sign(message, key.secret);
  REQUIRE(suite.verify(message, signature, key.public_key.bytes));
  for (std::uint8_t& byte : signature) {
    byte ^= 1;
    CHECK_FALSE(suite.verify(message, signature, key.public_key.bytes));
    byte ^= 1;
  }
  for (std::uint8_t& byte : message) {
    byte ^= 1;
    CHECK_FALSE(suite.verify(message, signature, key.public_key.bytes));
    byte ^= 1;
  }
  CHECK_FALSE(suite.verify(message, signature, stream_key_pair({2}).public_key.bytes));
}

TEST_CASE("P14: a signature has one form, and low-order keys sign nothing", "[crypto]") {
  const StreamKeyPair key = stream_key_pair({1});
  const std::vector<std::uint8_t> message{'l', 'i', 'v', 'e'};
  Signature signature = suite.sign(message, key.secret);
  // S + L is the same scalar. RFC 8032 says to refuse it.
  const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += unsigned{signature[32 + i]} + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry & 0xff);
    carry >>= 8;
  }
  REQUIRE(carry == 0);
  CHECK_FALSE(suite.verify(message, signature, key.public_key.bytes));

  // The neutral element as key and R, with S = 0, satisfies the equation for every message.
  Signature trivial{1};
  CHECK_FALSE(suite.verify(message, trivial, ByteArray<32>{1}));
  CHECK_FALSE(suite.verify(message, Signature{}, ByteArray<32>{}));
}

TEST_CASE("The leaf hash is keyed BLAKE2b-128 of header and payload", "[crypto]") {
  const auto key = to_array<32>(session_vector("leaf_hash", "key"));
  const auto header = session_vector("leaf_hash", "header");
  const auto payload = session_vector("leaf_hash", "payload");
  CHECK(suite.leaf_hash(header, payload, key) == to_array<16>(session_vector("leaf_hash", "hash")));
  CHECK(suite.leaf_hash(header, payload, key) == blake2b<16>({header, payload}, key));
}

TEST_CASE("The stream cipher is ChaCha20 from block 0, and its own inverse", "[crypto]") {
  ByteArray<64> text{};
  suite.xor_stream(text, SymmetricKey{}, 0);
  CHECK(to_hex(Bytes{text}.first(16)) == "76b8e0ada0f13d90405d6ae55386bd28");  // RFC 8439, A.1, test vector 1
  suite.xor_stream(text, SymmetricKey{}, 0);
  CHECK(text == ByteArray<64>{});

  // The AEAD takes its text's key stream from block 1 under the same nonce.
  const SymmetricKey key{7};
  const std::uint64_t counter = 0x1122334455667788;
  ByteArray<128> stream{};
  suite.xor_stream(stream, key, counter);
  ByteArray<64 + kTagBytes> sealed;
  suite.seal(sealed, ByteArray<64>{}, {}, key, counter);
  CHECK(std::equal(stream.begin() + 64, stream.end(), sealed.begin()));
}
