// What is new, to all children in turn. Every child has a cursor into the store; nothing is queued per child but what
// came behind the cursor and what parity waits for its block. A child that has most of the stream from us never has
// more on the way than its window; one that is slow slows no other; what it is too slow for is lost to it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "libcore/swarm/children/latecomers.h"
#include "libcore/swarm/children/load.h"
#include "libcore/swarm/children/markers.h"
#include "libcore/swarm/children/parity_queue.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/sender.h"
#include "libcore/swarm/children/table.h"
#include "libcore/swarm/children/window.h"

namespace spate::swarm {

class News {
 public:
  struct House {
    ChildTable& table;
    const stream::Store& store;
    const StreamRate& rate;
    const Load& load;
    const Window& window;
    const Markers& markers;
    Latecomers& latecomers;
    ParityQueue& parity;
    Sender& sender;
  };

  explicit News(const House& house) : house_(house) {}

  // Sends what may be sent. False if the batch is full and more waits.
  bool pump(Outgoing& out);

  void handle_deadline(Child& child, Instant now) const;
  static Instant next_deadline(const Child& child);

 private:
  bool pump_child(Child& child, Outgoing& out, bool& progressed);
  void catch_up(Child& child) const;
  bool may_send_next(const Child& child, std::uint64_t window) const;
  bool send_next(Child& child, Outgoing& out);
  void line_up();

  const House house_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> line_;  // the children by what is next
};

}  // namespace spate::swarm
