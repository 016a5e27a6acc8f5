#include "libcore/sim/site_delay.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libcore/base/check.h"

namespace spate::sim {

SiteDelay::SiteDelay(const Rng& rng, std::string_view purpose, RttTable table, std::span<const std::uint32_t> weights)
    : rng_(rng.fork(purpose)), table_(std::move(table)) {
  SPATE_CHECK(table_.sites >= 1 && table_.sites <= UINT16_MAX + 1u && weights.size() == table_.sites);
  SPATE_CHECK(table_.us.size() == std::size_t{table_.sites} * table_.sites);
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : weights) weights_up_to_.push_back(sum += weight);
  SPATE_CHECK(sum > 0);
}

void SiteDelay::draw_up_to(HostId host) {
  while (host_sites_.size() <= host) {
    const std::uint64_t draw = rng_->fork(std::to_string(host_sites_.size()))->below(weights_up_to_.back());
    const auto found = std::ranges::upper_bound(weights_up_to_, draw);
    host_sites_.push_back(static_cast<std::uint16_t>(found - weights_up_to_.begin()));
  }
}

Duration SiteDelay::least_between(std::uint32_t from_site, std::uint32_t to_site) {
  SPATE_CHECK(from_site < table_.sites && to_site < table_.sites);
  return half(table_.at(from_site, to_site));
}

}  // namespace spate::sim
