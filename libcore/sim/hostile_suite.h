// The suite of a host that means harm. Its node is the real one; what leaves it is not.
#pragma once

#include "libcore/sim/forwarding_suite.h"
#include "libcore/sim/lies.h"
#include "libcore/sim/misnaming.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

class HostileSuite final : public ForwardingSuite {
 public:
  HostileSuite(const crypto::Suite& suite, HostileSpec::Kind kind, HostId host)
      : ForwardingSuite(suite), kind_(kind), lies_(host), misnaming_(host) {}

  // Shards and hash lists: changed before they are sealed (polluter), or sealed so that nobody can open them (omitter).
  // Control messages: made untrue (liar, misnamer).
  void seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
            std::uint64_t counter) const override;
  // Datagrams that it spoilt.
  std::uint64_t deeds() const { return deeds_; }

 private:
  void seal_lies(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
                 std::uint64_t counter) const;

  const HostileSpec::Kind kind_;
  mutable Lies lies_;
  mutable Misnaming misnaming_;
  mutable std::uint64_t deeds_ = 0;
};

}  // namespace spate::sim
