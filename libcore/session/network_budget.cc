#include "libcore/session/network_budget.h"

namespace spate::session {

bool NetworkBudget::take(const Address& address, Instant now) {
  const NetworkPrefix network = network_of(address);
  if (const auto known = by_network_.find(network); known != by_network_.end()) {
    entries_.splice(entries_.end(), entries_, known->second);
  } else {
    if (entries_.size() >= kNetworksMax) {
      by_network_.erase(entries_.front().network);
      entries_.pop_front();
    }
    entries_.push_back({network});
    by_network_.emplace(network, std::prev(entries_.end()));
  }
  return entries_.back().bucket.take(1, now);
}

}  // namespace spate::session
