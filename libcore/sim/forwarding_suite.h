// Another suite, unchanged: for suites that change one thing.
#pragma once

#include "libcore/crypto/suite.h"

namespace spate::sim {

class ForwardingSuite : public crypto::Suite {
 public:
  // `suite` outlives this one.
  explicit ForwardingSuite(const crypto::Suite& suite) : suite_(suite) {}

  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    suite_.seal(out, text, associated, key, counter);
  }
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    return suite_.open(out, sealed, associated, key, counter);
  }
  crypto::Signature sign(Bytes message, const crypto::SigningSecret& secret) const override {
    return suite_.sign(message, secret);
  }
  bool verify(Bytes message, const crypto::Signature& signature, const ByteArray<32>& key) const override {
    return suite_.verify(message, signature, key);
  }
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const override {
    return suite_.leaf_hash(header, payload, key);
  }
  crypto::NodeKeyPair node_key_pair(const ByteArray<32>& secret) const override { return suite_.node_key_pair(secret); }
  crypto::Identity make_identity(const ByteArray<32>& secret) const override { return suite_.make_identity(secret); }
  std::optional<crypto::NodeKey> node_key_of(const crypto::IdentityKey& key) const override {
    return suite_.node_key_of(key);
  }
  bool diffie_hellman(const crypto::NodeKeyPair& self, const crypto::NodeKey& peer,
                      ByteArray<32>& shared) const override {
    return suite_.diffie_hellman(self, peer, shared);
  }
  void xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const override {
    suite_.xor_stream(text, key, counter);
  }

 protected:
  const crypto::Suite& suite_;
};

}  // namespace spate::sim
