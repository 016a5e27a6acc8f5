// Safety: no datagram is empty, or larger than a path is known to carry.
#pragma once

#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class DatagramChecker final : public WireObserver {
 public:
  // IPv6's minimum MTU without its headers: what every path carries.
  static constexpr std::size_t kBytesMax = 1'232;

  explicit DatagramChecker(Findings& findings) : findings_(findings) {}
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;

 private:
  Findings& findings_;
};

}  // namespace spate::sim
