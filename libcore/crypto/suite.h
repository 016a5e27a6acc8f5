// The cryptography of packets and the key agreement of handshakes, behind one interface so that a large simulation may
// inject a cheaper suite of the same sizes, or remember what was computed already. All else in a handshake, its hashes
// and its ciphers, does not go through it and is always real.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/crypto/keys.h"

namespace spate::crypto {

inline constexpr std::size_t kTagBytes = 16;
using LeafHash = ByteArray<16>;

class Suite {
 public:
  virtual ~Suite() = default;

  // AEAD. out has text.size() + kTagBytes bytes; the nonce is 4 zero bytes and the counter, little-endian.
  // A (key, counter) pair must never seal twice. out and text must not overlap.
  virtual void seal(MutableBytes out, Bytes text, Bytes associated, const SymmetricKey& key,
                    std::uint64_t counter) const = 0;
  // out has sealed.size() - kTagBytes bytes. False, and out unspecified, unless the tag is right.
  [[nodiscard]] virtual bool open(MutableBytes out, Bytes sealed, Bytes associated, const SymmetricKey& key,
                                  std::uint64_t counter) const = 0;

  // Ed25519. The key is a stream's or a node's.
  virtual Signature sign(Bytes message, const SigningSecret& secret) const = 0;
  [[nodiscard]] virtual bool verify(Bytes message, const Signature& signature, const ByteArray<32>& key) const = 0;

  // BLAKE2b-128(key; header || payload).
  virtual LeafHash leaf_hash(Bytes header, Bytes payload, const SymmetricKey& key) const = 0;

  // X25519, as in keys.h.
  virtual NodeKeyPair node_key_pair(const ByteArray<32>& secret) const = 0;
  virtual Identity make_identity(const ByteArray<32>& secret) const = 0;
  virtual std::optional<NodeKey> node_key_of(const IdentityKey& key) const = 0;
  [[nodiscard]] virtual bool diffie_hellman(const NodeKeyPair& self, const NodeKey& peer,
                                            ByteArray<32>& shared) const = 0;

  // ChaCha20 (IETF) key stream over text, in place; the nonce is 4 zero bytes and the counter, little-endian.
  virtual void xor_stream(MutableBytes text, const SymmetricKey& key, std::uint64_t counter) const = 0;
};

// libsodium: ChaCha20-Poly1305 (RFC 8439), Ed25519, X25519, BLAKE2b. Without state, shared by all.
const Suite& sodium_suite();

// Lets libsodium pick its implementations for this processor. io/, sim/ and test programs call it once at start;
// further calls do nothing. Everything here gives the same bytes without it, but takes up to twice the time.
// Inside libsodium it also opens the system's random source: the core neither calls this nor uses that.
void initialise();

}  // namespace spate::crypto
