// Safety: between a viewer that talks to the link's hosts only (JoinConfig::relay_only) and anybody else no datagram
// goes, either way.
#pragma once

#include <vector>

#include "libcore/sim/findings.h"
#include "libcore/sim/network.h"

namespace spate::sim {

class HiddenChecker final : public WireObserver {
 public:
  // Both outlive the checker.
  HiddenChecker(const Network& network, Findings& findings) : network_(network), findings_(findings) {}
  // That host talks to those of `add_link_host` only.
  void add_hidden(HostId host);
  void add_link_host(HostId host);
  void on_sent(HostId from, const Address& to, Bytes datagram, Instant now) override;

 private:
  struct Host {
    bool hidden = false;
    bool in_link = false;
  };
  Host& host(HostId host);
  Host what_is(HostId host) const { return host < hosts_.size() ? hosts_[host] : Host{}; }

  const Network& network_;
  Findings& findings_;
  std::vector<Host> hosts_;
  bool any_ = false;
};

}  // namespace spate::sim
