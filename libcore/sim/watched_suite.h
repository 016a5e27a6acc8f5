// A host's own view of the shared suite: tells observers what the host seals, with which key and counter, so that
// checkers see the inside of every datagram. Changes nothing.
#pragma once

#include <vector>

#include "libcore/crypto/suite.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class SealObserver {
 public:
  virtual ~SealObserver() = default;
  virtual void on_seal(HostId host, Bytes text, const crypto::SymmetricKey& key, std::uint64_t counter,
                       Instant now) = 0;
};

class WatchedSuite final : public crypto::Suite {
 public:
  // All outlive the suite.
  WatchedSuite(const crypto::Suite& suite, HostId host, const std::vector<SealObserver*>& observers,
               const Network& network)
      : suite_(suite), host_(host), observers_(observers), network_(network) {}

  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    for (SealObserver* const observer : observers_) observer->on_seal(host_, text, key, counter, network_.now());
    suite_.seal(out, text, associated, key, counter);
  }
  bool open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override {
    return suite_.open(out, sealed, associated, key, counter);
  }
  crypto::Signature sign(Bytes message, const crypto::StreamKeyPair& key) const override {
    return suite_.sign(message, key);
  }
  bool verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const override {
    return suite_.verify(message, signature, key);
  }
  crypto::LeafHash leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const override {
    return suite_.leaf_hash(header, payload, key);
  }
  void xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const override {
    suite_.xor_stream(text, key, counter);
  }

 private:
  const crypto::Suite& suite_;
  const HostId host_;
  const std::vector<SealObserver*>& observers_;
  const Network& network_;
};

}  // namespace spate::sim
