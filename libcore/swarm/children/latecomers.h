// What arrives here behind a child's cursor (a repaired shard, a list) is forwarded to it at once, if it is due to it.
// So is what the cursor had passed of a stripe that the child did not have yet, as long as it is news. Bounded.
#pragma once

#include <span>

#include "libcore/base/token_bucket.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Latecomers {
 public:
  Latecomers(ChildTable& table, const stream::Store& store, const StreamRate& rate, const TokenBucket& upload,
             Sender& sender)
      : table_(table), store_(store), rate_(rate), upload_(upload), sender_(sender) {}

  // These sequences have entered the store.
  void on_stored(std::span<const std::uint64_t> sequences);
  // A hash list that begins there has entered the store.
  void on_list(std::uint64_t first);
  // What the store has of those stripes from `first` to the cursor.
  void add_passed(Child& child, StripeMask stripes, std::uint64_t first) const;
  // The list of this sequence once more.
  void repeat_list(Child& child, std::uint64_t sequence) const { child.late.waiting.push_back({sequence, true, {}}); }

  // The first of those that wait (REQUIRES that one does). False if the batch filled up.
  bool send(Child& child, Outgoing& out);

 private:
  ChildTable& table_;
  const stream::Store& store_;
  const StreamRate& rate_;
  const TokenBucket& upload_;
  Sender& sender_;
};

}  // namespace spate::swarm
