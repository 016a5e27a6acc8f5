// Safety: an honest host passes on nothing that the publisher has not sent. So whatever it forwards, it has verified or
// was lucky; and luck does not last a run.
#pragma once

#include <unordered_set>

#include "libcore/sim/findings.h"
#include "libcore/sim/watched_suite.h"

namespace spate::sim {

class ForwardChecker final : public SealObserver {
 public:
  ForwardChecker(HostId publisher, Findings& findings) : publisher_(publisher), findings_(findings) {}
  void on_seal(HostId host, Bytes text, const crypto::SymmetricKey& key, std::uint64_t counter, Instant now) override;

 private:
  const HostId publisher_;
  Findings& findings_;
  std::unordered_set<std::uint64_t> published_;  // hashes of shards and hash lists; never iterated
};

}  // namespace spate::sim
