#include "libcore/swarm/children/parity_queue.h"

#include <algorithm>

namespace spate::swarm {
void ParityQueue::on_parity(std::span<const stream::ParityId> parity) {
  for (Child& child : table_)
    for (const stream::ParityId& id : parity) {
      const bool wanted = (child.due() & bit(table_.striping().data + id.index)) != 0;
      if (wanted && child.parity.waiting.size() < Child::kParityMax) child.parity.waiting.push_back(id);
    }
}

// Ahead of its block's data, parity would only bring twice what is about to be sent anyway.
bool ParityQueue::due(const Child& child) const {
  if (child.parity.waiting.empty()) return false;
  const stream::Block* const block = store_.blocks().find(child.parity.waiting.front().first);
  return block == nullptr || child.cursor >= std::min(block->end(), store_.head());
}

// Ahead of it goes the list that proves it, where that is none that goes with data.
bool ParityQueue::send(Child& child, Outgoing& out) {
  const stream::ParityId id = child.parity.waiting.front();
  const stream::Block* const block = store_.blocks().find(id.first);
  const Buffer* const frame = store_.blocks().find(id);
  if (block != nullptr && frame != nullptr && wire::hash_list_count(block->list.bytes()) == 0 &&
      child.parity.list_sent != id.first) {
    child.parity.list_sent = id.first;
    sender_.parity_list(child, block->list.bytes(), out);
    if (out.full()) return false;
  }
  child.parity.waiting.pop_front();
  if (frame != nullptr) sender_.parity(child, frame->bytes(), out);
  return true;
}

}  // namespace spate::swarm
