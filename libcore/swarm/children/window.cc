#include "libcore/swarm/children/window.h"

#include <algorithm>

#include "libcore/swarm/children/costs.h"

namespace spate::swarm {
namespace {

// A child may keep up to Parents::kReportShards to itself before it reports; a list of 48 must fit beside them.
constexpr std::uint64_t kShardsMin = 128;
constexpr std::uint64_t kBurstUs = 40'000;

}  // namespace

// 1.25 times what the path holds at the stream's rate, and a burst: as much as the stream makes in 40 ms and a bit,
// but not more than the child's socket can hold.
std::uint64_t Window::shards(const Child& child) const {
  const Peer* const peer = peers_.find(child.session);
  const Duration rtt = peer != nullptr && peer->rtt.known() ? peer->rtt.least() : Duration::zero();
  const auto path_us = static_cast<std::uint64_t>(to_us(rtt * 5 / 4));
  const std::uint64_t path = rate_.shards_per_second() * path_us / 1'000'000;
  const std::uint64_t burst = kShardsMin + rate_.shards_per_second() * kBurstUs / 1'000'000;
  return path + std::min(burst, std::max<std::uint64_t>(child.window_bytes / kShardWireBytes, 1));
}

}  // namespace spate::swarm
