#include "libcore/swarm/children/latecomers.h"

#include <algorithm>

namespace spate::swarm {
namespace {

bool has_room(const Child& child) { return child.late.waiting.size() < Child::kUrgentMax; }

}  // namespace

void Latecomers::on_stored(std::span<const std::uint64_t> sequences) {
  for (Child& child : table_)
    for (const std::uint64_t sequence : sequences)
      if (sequence < child.cursor && sequence >= child.first && has_room(child) &&
          (child.due() & bit(table_.striping().of(sequence))) != 0 &&
          // It asks for what is old, if it still wants it.
          (upload_.unlimited() || table_.whole(child) || rate_.is_news(sequence)))
        child.late.waiting.push_back({sequence, false, {}});
}

void Latecomers::on_list(std::uint64_t first) {
  for (Child& child : table_)
    if (child.lists && first < child.cursor && first >= child.first && has_room(child))
      child.late.waiting.push_back({first, true, {}});
}

void Latecomers::add_passed(Child& child, StripeMask stripes, std::uint64_t first) const {
  for (std::uint64_t s = std::max(first, store_.tail()); s < std::min(child.cursor, store_.head()); ++s) {
    if ((stripes & bit(table_.striping().of(s))) == 0 || !store_.at(s).present()) continue;
    if (has_room(child)) child.late.waiting.push_back({s, false, {}});
  }
}

bool Latecomers::send(Child& child, Outgoing& out) {
  const Urgent late = child.late.waiting.front();
  if (store_.covers(late.sequence)) {
    const stream::StoredShard& shard = store_.at(late.sequence);
    // If the shard was late because its list was, the child has not had the list either.
    const bool list_due = shard.list && child.lists && shard.list_first != child.late.list_sent &&
                          (late.list || shard.list_first != child.list_sent);
    if (list_due) {
      child.late.list_sent = shard.list_first;
      sender_.list(child, shard, Sender::Why::kInTurn, out);
    }
    if (!late.list && shard.present()) {
      if (out.full()) return false;
      sender_.shard(child, shard, Sender::Why::kInTurn, out);
    }
  }
  child.late.waiting.pop_front();
  return true;
}

}  // namespace spate::swarm
