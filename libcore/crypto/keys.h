// Keys, by what they are for. X25519 and Ed25519 keys are distinct types and are never converted into each other.
#pragma once

#include <compare>

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

// Ed25519: who a stream is.
struct StreamKey {
  ByteArray<32> bytes{};
  auto operator<=>(const StreamKey&) const = default;
};
struct StreamKeyPair {
  StreamKey public_key;
  ByteArray<64> secret{};  // libsodium's form: seed, then public key
};

using Signature = ByteArray<64>;
using SymmetricKey = ByteArray<32>;

NodeKeyPair node_key_pair(const ByteArray<32>& secret);
NodeKeyPair generate_node_key_pair(Rng& rng);
StreamKeyPair stream_key_pair(const ByteArray<32>& seed);

// X25519. False for a low-order point (all-zero result), which must end the handshake.
[[nodiscard]] bool diffie_hellman(const ByteArray<32>& secret, const NodeKey& peer, ByteArray<32>& shared);

// Overwrites a secret so that the compiler cannot leave it out.
void erase(MutableBytes secret);
// In constant time; sizes must be equal.
bool equal_secret(Bytes a, Bytes b);

}  // namespace spate::crypto
