// A budget for each network: kPerSecond a second and kBurst at once. Of at most kNetworksMax networks anything is
// remembered; for a new one that of longest ago is forgotten, and would begin with a full budget again.
#pragma once

#include <cstdint>
#include <list>
#include <map>

#include "libcore/base/token_bucket.h"
#include "libcore/session/network_prefix.h"

namespace spate::session {

class NetworkBudget {
 public:
  static constexpr std::uint64_t kPerSecond = 20;
  static constexpr std::uint64_t kBurst = 5;
  static constexpr std::size_t kNetworksMax = 8192;

  // Takes one from the budget of the address's network; false when nothing is left.
  bool take(const Address& address, Instant now);
  std::size_t networks() const { return entries_.size(); }

 private:
  struct Entry {
    NetworkPrefix network;
    TokenBucket bucket{kPerSecond, kBurst};
  };
  std::list<Entry> entries_;  // that of longest ago first
  std::map<NetworkPrefix, std::list<Entry>::iterator> by_network_;
};

}  // namespace spate::session
