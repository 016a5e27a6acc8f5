// Keys, by what they are for. X25519 and Ed25519 keys are distinct types; only that of a node follows from its
// identity.
#pragma once

#include <compare>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/base/rng.h"

namespace spate::crypto {

// X25519: who a node is.
struct NodeKey {
  ByteArray<32> bytes{};
  auto operator<=>(const NodeKey&) const = default;
};
struct NodeKeyPair {
  NodeKey public_key;
  ByteArray<32> secret{};
};

// Of an Ed25519 key, in libsodium's form: seed, then public key.
using SigningSecret = ByteArray<64>;

// Ed25519: who a stream is.
struct StreamKey {
  ByteArray<32> bytes{};
  auto operator<=>(const StreamKey&) const = default;
};
struct StreamKeyPair {
  StreamKey public_key;
  SigningSecret secret{};
};

// Ed25519: who a node is where it signs. Its node key follows from it, so that it names both.
struct IdentityKey {
  ByteArray<32> bytes{};
  auto operator<=>(const IdentityKey&) const = default;
};
// The key pairs of one node: of one secret, as RFC 8032 makes an Ed25519 key of it and, of that, an X25519 key.
struct Identity {
  IdentityKey key;
  SigningSecret secret{};
  NodeKeyPair node;
};

using Signature = ByteArray<64>;
using SymmetricKey = ByteArray<32>;

NodeKeyPair node_key_pair(const ByteArray<32>& secret);
NodeKeyPair generate_node_key_pair(Rng& rng);
StreamKeyPair stream_key_pair(const ByteArray<32>& seed);
Identity make_identity(const ByteArray<32>& secret);
// Nothing if no honest node has such a key: it is no point, or of small order.
std::optional<NodeKey> node_key_of(const IdentityKey& key);

// X25519. False for a low-order point (all-zero result), which must end the handshake.
[[nodiscard]] bool diffie_hellman(const ByteArray<32>& secret, const NodeKey& peer, ByteArray<32>& shared);

// Overwrites a secret so that the compiler cannot leave it out.
void erase(MutableBytes secret);
// In constant time; sizes must be equal.
bool equal_secret(Bytes a, Bytes b);

}  // namespace spate::crypto
