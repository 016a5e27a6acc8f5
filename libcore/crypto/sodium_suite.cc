#include <sodium.h>

#include "libcore/base/check.h"
#include "libcore/crypto/suite.h"

namespace spate::crypto {
namespace {

using Nonce = ByteArray<crypto_aead_chacha20poly1305_IETF_NPUBBYTES>;

// 4 zero bytes, then the counter, little-endian: Noise's nonce for ChaChaPoly.
Nonce nonce_of(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 4; i < nonce.size(); ++i, counter >>= 8) nonce[i] = static_cast<std::uint8_t>(counter & 0xff);
  return nonce;
}

class SodiumSuite final : public Suite {
 public:
  void seal(MutableBytes out, Bytes text, Bytes associated, const SymmetricKey& key,
            std::uint64_t counter) const override {
    static_assert(kTagBytes == crypto_aead_chacha20poly1305_IETF_ABYTES);
    SPATE_CHECK(out.size() == text.size() + kTagBytes);
    const Nonce nonce = nonce_of(counter);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, text.data(), text.size(), associated.data(),
                                              associated.size(), nullptr, nonce.data(), key.data());
  }

  bool open(MutableBytes out, Bytes sealed, Bytes associated, const SymmetricKey& key,
            std::uint64_t counter) const override {
    if (sealed.size() < kTagBytes) return false;
    const Bytes text = sealed.first(sealed.size() - kTagBytes);
    const Bytes tag = sealed.last(kTagBytes);
    SPATE_CHECK(out.size() == text.size());
    const Nonce nonce = nonce_of(counter);
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(out.data(), nullptr, text.data(), text.size(), tag.data(),
                                                              associated.data(), associated.size(), nonce.data(),
                                                              key.data()) == 0;
  }

  Signature sign(Bytes message, const SigningSecret& secret) const override {
    Signature signature;
    crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(), secret.data());
    return signature;
  }

  // Never a batch: libraries disagree on what odd signatures a batch accepts, and a wrong one costs a peer its
  // session, so every node must judge alike.
  bool verify(Bytes message, const Signature& signature, const ByteArray<32>& key) const override {
    return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
  }

  LeafHash leaf_hash(Bytes header, Bytes payload, const SymmetricKey& key) const override {
    LeafHash hash;
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, key.data(), key.size(), hash.size());
    crypto_generichash_blake2b_update(&state, header.data(), header.size());
    crypto_generichash_blake2b_update(&state, payload.data(), payload.size());
    crypto_generichash_blake2b_final(&state, hash.data(), hash.size());
    return hash;
  }

  NodeKeyPair node_key_pair(const ByteArray<32>& secret) const override { return crypto::node_key_pair(secret); }
  Identity make_identity(const ByteArray<32>& secret) const override { return crypto::make_identity(secret); }
  std::optional<NodeKey> node_key_of(const IdentityKey& key) const override { return crypto::node_key_of(key); }

  bool diffie_hellman(const NodeKeyPair& self, const NodeKey& peer, ByteArray<32>& shared) const override {
    return crypto::diffie_hellman(self.secret, peer, shared);
  }

  void xor_stream(MutableBytes text, const SymmetricKey& key, std::uint64_t counter) const override {
    const Nonce nonce = nonce_of(counter);
    crypto_stream_chacha20_ietf_xor(text.data(), text.data(), text.size(), nonce.data(), key.data());
  }
};

}  // namespace

const Suite& sodium_suite() {
  static constinit const SodiumSuite suite;
  return suite;
}

void initialise() { SPATE_CHECK(sodium_init() >= 0); }

}  // namespace spate::crypto
