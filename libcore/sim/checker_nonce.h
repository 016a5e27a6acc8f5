// Safety: no counter is used twice with one key, by whomever; honest hosts count up.
#pragma once

#include "libcore/sim/findings.h"
#include "libcore/sim/hash_table.h"
#include "libcore/sim/watched_suite.h"

namespace spate::sim {

class NonceChecker final : public SealObserver {
 public:
  explicit NonceChecker(Findings& findings) : findings_(findings) {}
  void on_seal(HostId host, Bytes text, const crypto::SymmetricKey& key, std::uint64_t counter, Instant now) override;

 private:
  Findings& findings_;
  HashTable<std::uint64_t> next_;  // by a hash of the key: one past the last counter
};

}  // namespace spate::sim
