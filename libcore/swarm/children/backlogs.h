// What is no news, of stripes that a child had not had before: all that is here of it, the oldest first, at a pace that
// leaves the others alone. Bounded: a child has kOfOne at most.
#pragma once

#include "libcore/base/token_bucket.h"
#include "libcore/swarm/children/load.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Backlogs {
 public:
  static constexpr std::size_t kOfOne = 32;

  struct House {
    ChildTable& table;
    const stream::Store& store;
    const StreamRate& rate;
    const Load& load;
    const TokenBucket& upload;
    Sender& sender;
  };

  explicit Backlogs(const House& house) : house_(house) {}

  // The upload has enough to do: who may begin anywhere had better begin without a backlog.
  bool busy() const;
  // Those stripes from `first` to `end`.
  void add(Child& child, StripeMask stripes, std::uint64_t first, std::uint64_t end) const;
  // Sends what may be sent. False if the batch is full and more waits.
  bool pump(Outgoing& out);

 private:
  bool pump_oldest(Child& child, Outgoing& out);

  const House house_;
};

}  // namespace spate::swarm
