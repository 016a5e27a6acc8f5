// Safety: a host that was told an upload limit keeps to it: in any span of time it sends at most what the limit allows
// for that span and a burst.
#pragma once

#include <vector>

#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class UploadChecker final : public WireObserver {
 public:
  // What a node's bucket holds, and what may go out beyond it: control is charged, but not held back.
  static constexpr std::uint64_t kBurstBytes = 64 * 1024 + 128 * 1024;

  explicit UploadChecker(Findings& findings) : findings_(findings) {}
  // Bits a second; 0: none.
  void set_limit(HostId host, std::uint64_t limit_bps);
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;

 private:
  struct Meter {
    std::uint64_t limit_bps = 0;
    Duration level{};  // how long the limit needs for what was sent beyond it
    Instant at{};
    bool told = false;
  };

  Findings& findings_;
  std::vector<Meter> meters_;  // by host
};

}  // namespace spate::sim
