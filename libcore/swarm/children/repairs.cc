#include "libcore/swarm/children/repairs.h"

#include <algorithm>

#include "libcore/swarm/children/costs.h"

namespace spate::swarm {
namespace {

constexpr std::uint64_t kAtOnce = 4 * kShardWireBytes;
constexpr std::uint64_t kShare = 8;  // an eighth of the limit, at most
constexpr Duration kStale = std::chrono::milliseconds(500);
constexpr Duration kCrossedMax = std::chrono::milliseconds(150);

void ask(Child& child, const Urgent& repair) {
  Fifo<Urgent>& waiting = child.asked.waiting;
  if (std::find(waiting.begin(), waiting.end(), repair) == waiting.end()) waiting.push_back(repair);
}

}  // namespace

Repairs::Repairs(const House& house)
    : house_(house), budget_(house.upload.rate() / kShare, std::max(kAtOnce, house.upload.rate() / kShare / 16)) {}

bool Repairs::just_sent(const Child& child, const stream::StoredShard& shard, Instant now) const {
  const Peer* const peer = house_.peers.find(child.session);
  return peer != nullptr && peer->rtt.known() && !house_.table.whole(child) &&
         now - shard.arrived < std::min(peer->rtt.smoothed(), kCrossedMax);
}

void Repairs::on_request(Child& child, const wire::RepairRequest& request, Instant now) const {
  Peer* const peer = house_.peers.find(child.session);
  if (peer == nullptr) return;
  const stream::Store& store = house_.store;
  const bool whole = house_.table.whole(child);
  const bool list = request.kind == wire::RepairRequest::Kind::kList;
  const bool with_lists = request.kind == wire::RepairRequest::Kind::kShardsWithLists;
  std::uint64_t list_queued = kNoList;
  const std::uint64_t most = whole ? house_.rate.shards_per_second() : house_.rate.shards_per_second() / 4;
  peer->repairs.set_rate(std::max(Peer::kRepairsPerSecond, most), now);
  for (const wire::RepairRequest::Range& range : request.ranges) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      if (!peer->repairs.take(1, now)) return;  // whatever the answer is
      const std::uint64_t sequence = request.base + range.offset + i;
      const bool ours = (child.due() & bit(house_.table.striping().of(sequence))) != 0;
      // Not sent yet: it is on its way. (A restarted store may end before the cursor.)
      if (ours && (sequence >= store.head() || sequence >= child.cursor)) continue;
      // We are not that far yet, but others may be.
      if (sequence >= store.head()) {
        say_no(child, sequence);
        continue;
      }
      if (sequence < store.tail()) {
        const std::uint64_t gone = std::min(store.tail() - sequence, range.count - i);
        house_.outbox.send(child.session, wire::Hole{sequence, static_cast<std::uint16_t>(gone)});
        i += gone - 1;
        continue;
      }
      const stream::StoredShard& shard = store.at(sequence);
      if (shard.given_up) {
        house_.outbox.send(child.session, wire::Hole{sequence, 1});
        continue;
      }
      if (!shard.present() && !list) {
        // It is being repaired here, and is passed on when it comes; others may have it sooner.
        say_no(child, sequence);
        continue;
      }
      // It came a moment ago, and has been sent since: the question and it have passed each other.
      if (ours && !list && just_sent(child, shard, now)) continue;
      if (child.asked.waiting.size() >= Child::kUrgentMax) return;
      if (with_lists && shard.list && shard.list_first != list_queued) {
        list_queued = shard.list_first;
        ask(child, {sequence, true, now});
      }
      ask(child, {sequence, list, now});
    }
  }
}

// To who has everything from us, that would be the last word on it.
void Repairs::say_no(const Child& child, std::uint64_t sequence) const {
  if (!house_.table.whole(child)) house_.outbox.send(child.session, wire::Hole{sequence, 1});
}

bool Repairs::pump(Outgoing& out) {
  for (Child& child : house_.table) {
    if (!pump_child(child, out)) return false;
    if (house_.sender.waits()) return true;
  }
  return true;
}

bool Repairs::pump_child(Child& child, Outgoing& out) {
  Fifo<Urgent>& waiting = child.asked.waiting;
  while (!waiting.empty()) {
    if (out.full()) return false;
    if (house_.sender.must_wait(out.now)) return true;
    const Urgent repair = waiting.front();
    // It has asked again since, or elsewhere.
    if (!house_.store.covers(repair.sequence) || out.now - repair.since > kStale) {
      waiting.pop_front();
      continue;
    }
    const bool in_budget = house_.upload.unlimited() || budget_.take(kShardWireBytes, out.now);
    if (!in_budget && house_.table.everywhere()) {  // nobody else may have it
      house_.sender.wait_until(budget_.ready_at(out.now));
      return true;
    }
    waiting.pop_front();
    if (!in_budget) {  // others have it, too
      say_no(child, repair.sequence);
      continue;
    }
    const stream::StoredShard& shard = house_.store.at(repair.sequence);
    if (repair.list) {
      if (shard.list) house_.sender.list(child, shard, Sender::Why::kAskedFor, out);
    } else if (shard.present()) {
      house_.sender.shard(child, shard, Sender::Why::kAskedFor, out);
    }
  }
  return true;
}

}  // namespace spate::swarm
