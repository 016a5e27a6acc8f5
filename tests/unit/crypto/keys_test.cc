#include "libcore/crypto/keys.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::crypto;
using tests::from_hex;
using tests::session_vector;
using tests::to_array;

TEST_CASE("X25519 gives RFC 7748's keys and shared secret", "[crypto]") {
  const auto alice_secret = from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob_secret = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const NodeKeyPair alice = node_key_pair(to_array<32>(alice_secret));
  const NodeKeyPair bob = node_key_pair(to_array<32>(bob_secret));
  CHECK(to_hex(alice.public_key.bytes) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(to_hex(bob.public_key.bytes) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");

  ByteArray<32> of_alice{};
  ByteArray<32> of_bob{};
  REQUIRE(diffie_hellman(alice.secret, bob.public_key, of_alice));
  REQUIRE(diffie_hellman(bob.secret, alice.public_key, of_bob));
  CHECK(to_hex(of_alice) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  CHECK(of_bob == of_alice);
}

TEST_CASE("P16: a low-order X25519 point is refused, whatever the secret", "[crypto]") {
  ChaChaRng rng(1);
  const NodeKeyPair self = generate_node_key_pair(rng);
  const auto point = GENERATE(as<std::string>{},  // orders 1, 2, 4 and 8, and their non-canonical encodings
                              "0000000000000000000000000000000000000000000000000000000000000000",
                              "0100000000000000000000000000000000000000000000000000000000000000",
                              "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                              "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                              "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "0000000000000000000000000000000000000000000000000000000000000080");
  ByteArray<32> shared{};
  CHECK_FALSE(diffie_hellman(self.secret, NodeKey{to_array<32>(from_hex(point))}, shared));
}

TEST_CASE("Node keys are drawn from the generator given, and nothing else", "[crypto]") {
  ChaChaRng one(7);
  ChaChaRng same(7);
  ChaChaRng other(8);
  const NodeKeyPair pair = generate_node_key_pair(one);
  CHECK(generate_node_key_pair(same).public_key == pair.public_key);
  CHECK(generate_node_key_pair(other).public_key != pair.public_key);
  CHECK(generate_node_key_pair(one).public_key != pair.public_key);
  CHECK(node_key_pair(pair.secret).public_key == pair.public_key);
}

TEST_CASE("A stream's key pair follows from its seed", "[crypto]") {
  const auto seed = session_vector("ed25519", "seed");
  const auto public_key = session_vector("ed25519", "public");
  const StreamKeyPair pair = stream_key_pair(to_array<32>(seed));
  CHECK(pair.public_key.bytes == to_array<32>(public_key));
  // The secret is the seed and the public key.
  CHECK(std::equal(seed.begin(), seed.end(), pair.secret.begin()));
  CHECK(std::equal(public_key.begin(), public_key.end(), pair.secret.begin() + 32));
}

TEST_CASE("Secrets are compared whole and erased whole", "[crypto]") {
  ByteArray<32> secret{};
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(i + 1);
  CHECK(equal_secret(secret, ByteArray<32>(secret)));
  for (std::size_t i = 0; i < secret.size(); ++i) {
    ByteArray<32> other = secret;
    other[i] ^= 0x80;
    CHECK_FALSE(equal_secret(secret, other));
  }
  erase(secret);
  CHECK(secret == ByteArray<32>{});
}
