// How much room there is. A slot is room for one stripe of one child: as many as the capacity and the upload limit
// allow, less what was too much of late.
#pragma once

#include <cstdint>

#include "libcore/swarm/children/costs.h"
#include "libcore/swarm/children/load.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Slots {
 public:
  // `capacity_milli`: how many thousandths of the stream, with its parity, may be sent, all children together.
  Slots(std::uint32_t capacity_milli, const ChildTable& table, const Costs& costs, const Load& load)
      : capacity_milli_(capacity_milli), table_(table), costs_(costs), load_(load) {}

  // None from now on, or again as many as there are.
  void close(bool closed) { closed_ = closed; }
  std::uint16_t all() const;
  std::uint16_t free() const { return room().free; }
  // Both at one look at the children, for who asks about many stripes.
  struct Room {
    std::uint16_t all;
    std::uint16_t free;
    // What is left is for those that pass on what they get.
    bool reserved() const;
  };
  Room room() const;
  // May a new child have this one?
  bool has_room(unsigned stripe, const Room& room) const;

 private:
  const std::uint32_t capacity_milli_;
  const ChildTable& table_;
  const Costs& costs_;
  const Load& load_;
  bool closed_ = false;
};

}  // namespace spate::swarm
