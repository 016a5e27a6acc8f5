// A host's own view of the shared suite: tells observers what the host seals, with which key and counter, and what it
// could open, so that checkers see the inside of every datagram. Changes nothing.
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
  // The host takes the hash of a shard: the publisher of what it has made, others of what they are to prove.
  virtual void on_leaf(HostId /*host*/, Bytes /*header*/, Bytes /*payload*/) {}
};

class OpenObserver {
 public:
  virtual ~OpenObserver() = default;
  // What was sealed ended with its tag.
  virtual void on_open(HostId host, Bytes sealed, Instant now) = 0;
};

class WatchedSuite final : public ForwardingSuite {
 public:
  // All outlive the suite. Without `seal_observers` nobody looks at what the host seals.
  WatchedSuite(const crypto::Suite& suite, HostId host, const std::vector<SealObserver*>* seal_observers,
               const std::vector<OpenObserver*>& open_observers, const Network& network)
      : ForwardingSuite(suite),
        host_(host),
        seal_observers_(seal_observers),
        open_observers_(open_observers),
        network_(network) {}

  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    if (seal_observers_ != nullptr)
      for (SealObserver* const observer : *seal_observers_)
        observer->on_seal(host_, text, key, counter, network_.now());
    ForwardingSuite::seal(out, text, associated, key, counter);
  }
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& salt) const override {
    if (seal_observers_ != nullptr)
      for (SealObserver* const observer : *seal_observers_) observer->on_leaf(host_, header, payload);
    return ForwardingSuite::leaf_hash(header, payload, salt);
  }
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    if (!ForwardingSuite::open(out, sealed, associated, key, counter)) return false;
    for (OpenObserver* const observer : open_observers_) observer->on_open(host_, sealed, network_.now());
    return true;
  }

 private:
  const HostId host_;
  const std::vector<SealObserver*>* const seal_observers_;
  const std::vector<OpenObserver*>& open_observers_;
  const Network& network_;
};

}  // namespace spate::sim
