// A host's own view of the shared suite: tells observers what the host seals, with which key and counter, so that
// checkers see the inside of every datagram. Changes nothing.
#pragma once

#include <vector>

#include "libcore/sim/forwarding_suite.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class SealObserver {
 public:
  virtual ~SealObserver() = default;
  virtual void on_seal(HostId host, Bytes text, const crypto::SymmetricKey& key, std::uint64_t counter,
                       Instant now) = 0;
};

class WatchedSuite final : public ForwardingSuite {
 public:
  // All outlive the suite.
  WatchedSuite(const crypto::Suite& suite, HostId host, const std::vector<SealObserver*>& observers,
               const Network& network)
      : ForwardingSuite(suite), host_(host), observers_(observers), network_(network) {}

  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    for (SealObserver* const observer : observers_) observer->on_seal(host_, text, key, counter, network_.now());
    ForwardingSuite::seal(out, text, associated, key, counter);
  }

 private:
  const HostId host_;
  const std::vector<SealObserver*>& observers_;
  const Network& network_;
};

}  // namespace spate::sim
