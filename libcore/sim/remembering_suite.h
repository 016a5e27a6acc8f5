// Another suite, and a memory of what it has answered: that a signature over a message is right need be found out only
// once for all hosts of a process. The answers are the other suite's, at all times.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libcore/crypto/suite.h"

namespace spate::sim {

class RememberingSuite final : public crypto::Suite {
 public:
  explicit RememberingSuite(const crypto::Suite& suite) : suite_(suite), remembered_(kEntries) {}

  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    suite_.seal(out, text, associated, key, counter);
  }
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    return suite_.open(out, sealed, associated, key, counter);
  }
  crypto::Signature sign(Bytes message, const crypto::StreamKeyPair& key) const override {
    return suite_.sign(message, key);
  }
  bool verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const override;
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const override {
    return suite_.leaf_hash(header, payload, key);
  }
  void xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const override {
    suite_.xor_stream(text, key, counter);
  }

 private:
  static constexpr std::size_t kEntries = 1u << 14;
  // Message, signature and key by two hashes of 64 bits; zeros: nothing yet.
  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    bool right = false;
  };

  const crypto::Suite& suite_;
  mutable std::vector<Entry> remembered_;  // by the first hash; the newest stays
};

}  // namespace spate::sim
