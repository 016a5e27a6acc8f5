#include "libcore/sim/remembering_suite.h"

#include <algorithm>

#include "libcore/sim/digest.h"

namespace spate::sim {

bool RememberingSuite::verify(Bytes message, const crypto::Signature& signature, const ByteArray<32>& key) const {
  Digest digest;
  digest.add(hash_bytes(message));
  digest.add(hash_bytes(signature));
  digest.add(hash_bytes(key));
  const std::uint64_t first = digest.value();
  digest.add(message.size());
  const std::uint64_t second = digest.value() | 1;
  Entry& entry = remembered_[first % kEntries];
  if (entry.first != first || entry.second != second) entry = {first, second, suite_.verify(message, signature, key)};
  return entry.right;
}

bool RememberingSuite::diffie_hellman(const crypto::NodeKeyPair& self, const crypto::NodeKey& peer,
                                      ByteArray<32>& shared) const {
  // Who claims a public key without its secret gets what the other suite makes of that.
  if (!is_pair(self)) return suite_.diffie_hellman(self, peer, shared);
  const auto [lesser, greater] = std::minmax(self.public_key, peer);
  Shared& entry = shared_[(hash_bytes(lesser.bytes) + hash_bytes(greater.bytes)) % kShared];
  if (entry.lesser != lesser || entry.greater != greater) {
    entry = {lesser, greater, ByteArray<32>{}};
    if (!suite_.diffie_hellman(self, peer, *entry.secret)) entry.secret.reset();
  }
  if (entry.secret) shared = *entry.secret;
  return entry.secret.has_value();
}

bool RememberingSuite::is_pair(const crypto::NodeKeyPair& pair) const {
  Digest digest;
  digest.add(hash_bytes(pair.secret));
  digest.add(hash_bytes(pair.public_key.bytes));
  const std::uint64_t both = digest.value() | 1;
  std::uint64_t& entry = pairs_[both / 2 % kPairs];
  if (entry == both) return true;
  if (suite_.node_key_pair(pair.secret).public_key != pair.public_key) return false;
  entry = both;
  return true;
}

}  // namespace spate::sim
