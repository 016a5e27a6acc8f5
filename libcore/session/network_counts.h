// How many of something there are from each network. As large as the number of those counted, which its owner bounds.
#pragma once

#include <map>

#include "libcore/session/network_prefix.h"

namespace spate::session {

class NetworkCounts {
 public:
  void add(const Address& address) { ++counts_[network_of(address)]; }
  // REQUIRES an add() of that network for each remove().
  void remove(const Address& address);
  std::size_t count(const Address& address) const;
  std::size_t networks() const { return counts_.size(); }

 private:
  std::map<NetworkPrefix, std::size_t> counts_;
};

}  // namespace spate::session
