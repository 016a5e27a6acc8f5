#include "libcore/swarm/children/costs.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kControlWindow = std::chrono::seconds(1);

}  // namespace

// In front of a datagram, for the mean child.
std::uint64_t Costs::header_bytes() const {
  std::uint64_t bytes = 0;
  std::uint64_t children = 0;
  for (const Child& child : table_) {
    bytes += peers_.header_bytes(child.session);
    ++children;
  }
  return children == 0 ? spate::header_bytes(Address::v4(0, 0, 0, 0, 0)) : bytes / children;
}

void Costs::measure_stream() {
  const stream::StoredShard* const shard = store_.find(store_.newest());
  if (shard == nullptr) return;
  const std::uint64_t around = session::kDataOverhead + header_bytes();
  const std::uint64_t largest = std::max<std::uint64_t>(shard->frame.size(), kShardWireBytes - 2 * around);
  const std::uint64_t stripe = rate_.shards_per_second() * (largest + around) / table_.striping().data;
  const std::uint64_t lists = shard->list ? rate_.shards_per_second() / wire::hash_list_count(shard->list.bytes()) *
                                                (shard->list.size() + around)
                                          : 0;
  stripe_bytes_per_second_ += stripe / 4 - stripe_bytes_per_second_ / 4;
  list_bytes_per_second_ += lists / 4 - list_bytes_per_second_ / 4;
}

void Costs::measure_control(Instant now) {
  if (now - control_since_ < kControlWindow) return;
  const auto elapsed = static_cast<std::uint64_t>((now - control_since_).count());
  const std::uint64_t rate = control_bytes_ * 1'000'000'000u / elapsed;
  control_bytes_per_second_ += rate / 4 - control_bytes_per_second_ / 4;
  control_bytes_ = 0;
  control_since_ = now;
}

std::uint64_t Costs::affordable(std::uint64_t percent) const {
  if (upload_.unlimited() || stripe_bytes_per_second_ == 0) return UINT64_MAX;
  const auto with_lists = std::count_if(table_.begin(), table_.end(), [](const Child& c) { return c.lists; });
  const std::uint64_t lists = list_bytes_per_second_ * static_cast<std::uint64_t>(with_lists);
  const std::uint64_t usable = upload_.rate() * percent / 100;
  return (usable - std::min(usable, lists + control_bytes_per_second_)) / stripe_bytes_per_second_;
}

}  // namespace spate::swarm
