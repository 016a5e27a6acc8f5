// Safety: no datagram is empty, or larger than any that is ever probed for.
#pragma once

#include "libcore/session/path_size.h"
#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class DatagramChecker final : public WireObserver {
 public:
  static constexpr std::size_t kBytesMax = session::PathSize::kSizes[0];

  explicit DatagramChecker(Findings& findings) : findings_(findings) {}
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;

 private:
  Findings& findings_;
};

}  // namespace spate::sim
