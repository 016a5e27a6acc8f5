#include "libcore/swarm/children/backlogs.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr std::ptrdiff_t kChildrenMax = 4;  // where the upload is limited: at a time

}  // namespace

bool Backlogs::busy() const {
  if (house_.upload.unlimited()) return false;
  const ChildTable& table = house_.table;
  return house_.load.late() || std::count_if(table.begin(), table.end(),
                                             [](const Child& c) { return !c.past.ranges.empty(); }) >= kChildrenMax;
}

void Backlogs::add(Child& child, StripeMask stripes, std::uint64_t first, std::uint64_t end) const {
  if (child.past.ranges.size() < kOfOne) child.past.ranges.push_back({stripes, first, end});
}

bool Backlogs::pump(Outgoing& out) {
  for (Child& child : house_.table) {
    auto& ranges = child.past.ranges;
    while (!ranges.empty()) {
      if (!pump_oldest(child, out)) return false;
      if (house_.sender.waits()) return true;
      if (ranges.front().next < ranges.front().end) break;  // at its pace
      ranges.erase(ranges.begin());
    }
  }
  return true;
}

bool Backlogs::pump_oldest(Child& child, Outgoing& out) {
  const stream::Store& store = house_.store;
  const Striping& striping = house_.table.striping();
  Child::Past::Range& range = child.past.ranges.front();
  range.next = std::max(range.next, store.tail());
  // It does not wait for that any more, nor does anybody below it.
  if (child.report.last.slots == child.report.last.free_slots)
    range.next = std::max(range.next, child.report.last.next);
  range.end = std::min(range.end, store.head());
  const std::uint64_t share = house_.rate.shards_per_second() * count(range.stripes) / striping.data;
  const std::uint64_t pace = house_.table.whole(child) ? 4 * share : 2 * share;
  child.past.pace.set_rate(std::max(Child::Past::kPerSecond, pace), out.now);
  for (; range.next < range.end; ++range.next) {
    const stream::StoredShard& shard = store.at(range.next);
    const StripeMask wanted = range.stripes & child.due();
    if ((wanted & bit(striping.of(range.next))) == 0 || !shard.present()) continue;
    if (out.full()) return false;
    if (house_.sender.must_wait(out.now)) return true;
    if (shard.list && child.lists && child.past.list_sent != shard.list_first) {
      child.past.list_sent = shard.list_first;
      house_.sender.list(child, shard, Sender::Why::kInTurn, out);
      if (out.full()) return false;
    }
    if (!child.past.pace.take(1, out.now)) {
      house_.sender.wait_until(child.past.pace.ready_at(out.now));
      return true;
    }
    house_.sender.shard(child, shard, Sender::Why::kInTurn, out);
    child.moved = out.now;
  }
  return true;
}

}  // namespace spate::swarm
