// Answers to those who ask for what they miss: the shard or its list, once, or that there is none. Within two budgets:
// each child's, and of a limited upload an eighth for all. What is beyond the latter others may have, unless it is for
// us that somebody has it; then it waits, but not for long.
#pragma once

#include "libcore/base/token_bucket.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/table.h"
#include "libcore/swarm/outbox.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

class Repairs {
 public:
  struct House {
    ChildTable& table;
    const stream::Store& store;
    const StreamRate& rate;
    Peers& peers;
    Outbox& outbox;
    const TokenBucket& upload;
    Sender& sender;
  };

  explicit Repairs(const House& house);

  void on_request(Child& child, const wire::RepairRequest& request, Instant now) const;
  // Sends what may be sent. False if the batch is full and more waits.
  bool pump(Outgoing& out);

 private:
  bool pump_child(Child& child, Outgoing& out);
  void say_no(const Child& child, std::uint64_t sequence) const;
  bool just_sent(const Child& child, const stream::StoredShard& shard, Instant now) const;

  const House house_;
  TokenBucket budget_;  // of all, in bytes
};

}  // namespace spate::swarm
