#include "libcore/swarm/children/markers.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kDelay = std::chrono::milliseconds(5);
constexpr Duration kRepeat = std::chrono::milliseconds(9);

}  // namespace

// Longer than it usually takes until the next shard tells the same.
Duration Markers::delay() const {
  const std::uint64_t rate = rate_.shards_per_second();
  if (rate == 0) return kDelay;
  return std::max(kDelay,
                  2 * Duration(std::chrono::seconds(1)) / static_cast<int>(std::min<std::uint64_t>(rate, 1'000)));
}

void Markers::on_sent(Child& child, const stream::StoredShard& shard, Instant now) const {
  child.marker.at = shard.list ? kNever : now + delay();
  child.marker.left = child.report.lossy ? 2 : 1;
}

void Markers::handle_deadline(Child& child, Instant now) const {
  if (now < child.marker.at) return;
  outbox_.send(child.session, wire::Head{child.cursor});
  child.marker.at = --child.marker.left > 0 ? now + kRepeat : kNever;
}

}  // namespace spate::swarm
