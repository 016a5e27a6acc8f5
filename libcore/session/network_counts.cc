#include "libcore/session/network_counts.h"

#include "libcore/base/check.h"

namespace spate::session {

void NetworkCounts::remove(const Address& address) {
  const auto found = counts_.find(network_of(address));
  SPATE_CHECK(found != counts_.end());
  if (--found->second == 0) counts_.erase(found);
}

std::size_t NetworkCounts::count(const Address& address) const {
  const auto found = counts_.find(network_of(address));
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace spate::session
