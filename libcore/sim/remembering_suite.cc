#include "libcore/sim/remembering_suite.h"

#include "libcore/sim/digest.h"

namespace spate::sim {

bool RememberingSuite::verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const {
  Digest digest;
  digest.add(hash_bytes(message));
  digest.add(hash_bytes(signature));
  digest.add(hash_bytes(key.bytes));
  const std::uint64_t first = digest.value();
  digest.add(message.size());
  const std::uint64_t second = digest.value() | 1;
  Entry& entry = remembered_[first % kEntries];
  if (entry.first != first || entry.second != second) entry = {first, second, suite_.verify(message, signature, key)};
  return entry.right;
}

}  // namespace spate::sim
