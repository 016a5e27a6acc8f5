// Another suite, and a memory of what it has answered: that a signature over a message is right need be found out only
// once for all hosts of a process, and what two node keys share only once for the two hosts. The answers are the other
// suite's, at all times.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/sim/forwarding_suite.h"

namespace spate::sim {

class RememberingSuite final : public ForwardingSuite {
 public:
  explicit RememberingSuite(const crypto::Suite& suite)
      : ForwardingSuite(suite), remembered_(kEntries), shared_(kShared), pairs_(kPairs) {}

  bool verify(Bytes message, const crypto::Signature& signature, const ByteArray<32>& key) const override;
  // What a pair of public keys shares is the same from both sides: X25519 commutes.
  bool diffie_hellman(const crypto::NodeKeyPair& self, const crypto::NodeKey& peer,
                      ByteArray<32>& shared) const override;

 private:
  static constexpr std::size_t kEntries = 1u << 14;
  // Message, signature and key by two hashes of 64 bits; zeros: nothing yet.
  struct Entry {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    bool right = false;
  };

  // 6 MB: a handshake's secrets are asked for again after one round trip, when other hosts' have come between.
  static constexpr std::size_t kShared = 1u << 16;
  struct Shared {
    crypto::NodeKey lesser, greater;
    std::optional<ByteArray<32>> secret;  // nothing: there is none
  };

  // Is that the secret of that public key? Found out once a pair.
  bool is_pair(const crypto::NodeKeyPair& pair) const;
  static constexpr std::size_t kPairs = 1u << 15;

  mutable std::vector<Entry> remembered_;     // by the first hash; the newest stays
  mutable std::vector<Shared> shared_;        // by a hash of both keys; the newest stays
  mutable std::vector<std::uint64_t> pairs_;  // hashes of those that are right; zero: nothing yet
};

}  // namespace spate::sim
