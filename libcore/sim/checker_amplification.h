// Safety: to an address that has not proven itself, a host answers with at most the bytes that came from there. Proven
// is an address from which sealed data or the answer to a handshake came. A handshake that the host itself begins is no
// answer.
#pragma once

#include <unordered_map>

#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class AmplificationChecker final : public WireObserver {
 public:
  explicit AmplificationChecker(Findings& findings) : findings_(findings) {}
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;
  void on_delivered(HostId to, const Address& from, Bytes datagram, Instant now) override;

 private:
  struct Path {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    bool proven = false;
  };
  Path& path(HostId host, const Address& address);

  Findings& findings_;
  std::unordered_map<std::uint64_t, Path> paths_;  // by a hash of host and address; never iterated
};

}  // namespace spate::sim
