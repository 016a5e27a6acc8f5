// The suite of a host that means harm to those it serves. Its node is the real one; what leaves it is not.
#pragma once

#include "libcore/sim/forwarding_suite.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

class HostileSuite final : public ForwardingSuite {
 public:
  HostileSuite(const crypto::Suite& suite, HostileSpec::Kind kind) : ForwardingSuite(suite), kind_(kind) {}

  // Shards and hash lists: changed before they are sealed (polluter), or sealed so that nobody can open them (omitter).
  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override;

 private:
  const HostileSpec::Kind kind_;
};

}  // namespace spate::sim
