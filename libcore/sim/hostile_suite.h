// The suite of a host that means harm to those it serves. Its node is the real one; what leaves it is not.
#pragma once

#include "libcore/crypto/suite.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

class HostileSuite final : public crypto::Suite {
 public:
  HostileSuite(const crypto::Suite& suite, HostileSpec::Kind kind) : suite_(suite), kind_(kind) {}

  // Shards and hash lists: changed before they are sealed (polluter), or sealed so that nobody can open them (omitter).
  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override;
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    return suite_.open(out, sealed, associated, key, counter);
  }
  crypto::Signature sign(Bytes message, const crypto::StreamKeyPair& key) const override {
    return suite_.sign(message, key);
  }
  bool verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const override {
    return suite_.verify(message, signature, key);
  }
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const override {
    return suite_.leaf_hash(header, payload, key);
  }
  void xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const override {
    suite_.xor_stream(text, key, counter);
  }

 private:
  const crypto::Suite& suite_;
  const HostileSpec::Kind kind_;
};

}  // namespace spate::sim
