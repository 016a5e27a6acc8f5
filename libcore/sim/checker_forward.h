// Safety: an honest host passes on nothing that the publisher has not made. So whatever it forwards, it has verified or
// was lucky; and luck does not last a run. (Not: sent. A shard that went to nobody may be regenerated out of parity.)
#pragma once

#include <vector>

#include "libcore/sim/findings.h"
#include "libcore/sim/hash_table.h"
#include "libcore/sim/watched_suite.h"

namespace spate::sim {

class ForwardChecker final : public SealObserver {
 public:
  ForwardChecker(HostId publisher, Findings& findings) : publisher_(publisher), findings_(findings) {}
  void on_seal(HostId host, Bytes text, const crypto::SymmetricKey& key, std::uint64_t counter, Instant now) override;
  void on_leaf(HostId host, Bytes header, Bytes payload) override;

 private:
  void on_text(HostId host, Bytes text, Instant now);
  bool was_made(Bytes text) const;

  const HostId publisher_;
  Findings& findings_;
  std::vector<std::uint8_t> parted_;  // the first part of a text, whose second is sealed next
  struct Known {};
  HashTable<Known> published_;  // by hashes of frames that were sent
  HashTable<Known> made_;       // and of shards, less what is proof
};

}  // namespace spate::sim
