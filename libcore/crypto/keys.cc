#include "libcore/crypto/keys.h"

#include <sodium.h>

#include "libcore/base/check.h"

namespace spate::crypto {

NodeKeyPair node_key_pair(const ByteArray<32>& secret) {
  NodeKeyPair pair{{}, secret};
  SPATE_CHECK(crypto_scalarmult_curve25519_base(pair.public_key.bytes.data(), secret.data()) == 0);
  return pair;
}

NodeKeyPair generate_node_key_pair(Rng& rng) {
  ByteArray<32> secret;
  rng.fill(secret);
  const NodeKeyPair pair = node_key_pair(secret);
  erase(secret);
  return pair;
}

StreamKeyPair stream_key_pair(const ByteArray<32>& seed) {
  StreamKeyPair pair;
  crypto_sign_ed25519_seed_keypair(pair.public_key.bytes.data(), pair.secret.data(), seed.data());
  return pair;
}

Identity make_identity(const ByteArray<32>& secret) {
  Identity identity;
  crypto_sign_ed25519_seed_keypair(identity.key.bytes.data(), identity.secret.data(), secret.data());
  ByteArray<32> node_secret;
  crypto_sign_ed25519_sk_to_curve25519(node_secret.data(), identity.secret.data());
  identity.node = node_key_pair(node_secret);
  erase(node_secret);
  return identity;
}

std::optional<NodeKey> node_key_of(const IdentityKey& key) {
  NodeKey node;
  if (crypto_sign_ed25519_pk_to_curve25519(node.bytes.data(), key.bytes.data()) != 0) return std::nullopt;
  return node;
}

bool diffie_hellman(const ByteArray<32>& secret, const NodeKey& peer, ByteArray<32>& shared) {
  // libsodium says -1 when the result is all zero.
  return crypto_scalarmult_curve25519(shared.data(), secret.data(), peer.bytes.data()) == 0;
}

void erase(MutableBytes secret) { sodium_memzero(secret.data(), secret.size()); }

bool equal_secret(Bytes a, Bytes b) {
  SPATE_CHECK(a.size() == b.size());
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace spate::crypto
