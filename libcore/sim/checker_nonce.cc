#include "libcore/sim/checker_nonce.h"

#include <string>

#include "libcore/sim/digest.h"

namespace spate::sim {

void NonceChecker::on_seal(HostId host, Bytes /*text*/, const crypto::SymmetricKey& key, std::uint64_t counter,
                           Instant now) {
  std::uint64_t& next = next_[hash_bytes(key)];
  if (counter < next)
    findings_.add(Rule::kSafety, now, host, "sealed with counter " + std::to_string(counter) + " again");
  next = std::max(next, counter + 1);
}

}  // namespace spate::sim
