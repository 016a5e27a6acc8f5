// A stand-in for the cryptography of large runs: same sizes, keyed 64-bit hashes in place of ciphers and signatures,
// and secrets that two node keys share although anybody could compute them. What was changed on the way is still found;
// what nobody honest made is not: a hostile host of the simulation that knows this suite could forge. Every report says
// which suite ran.
#pragma once

#include "libcore/crypto/suite.h"

namespace spate::sim {

class FastSuite final : public crypto::Suite {
 public:
  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override;
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override;
  crypto::Signature sign(Bytes message, const crypto::SigningSecret& secret) const override;
  bool verify(Bytes message, const crypto::Signature& signature, const ByteArray<32>& key) const override;
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const override;
  crypto::NodeKeyPair node_key_pair(const ByteArray<32>& secret) const override;
  // An identity key is its node key, which is the real one: what goes by the order of keys goes as it does in truth.
  crypto::Identity make_identity(const ByteArray<32>& secret) const override;
  std::optional<crypto::NodeKey> node_key_of(const crypto::IdentityKey& key) const override;
  // Node keys of any origin agree: only the public ones count.
  bool diffie_hellman(const crypto::NodeKeyPair& self, const crypto::NodeKey& peer,
                      ByteArray<32>& shared) const override;
  void xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const override;
};

}  // namespace spate::sim
