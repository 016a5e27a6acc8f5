// The faults of a scenario: puts them on a world's timeline, chooses whom they befall, and takes them back.
#pragma once

#include <vector>

#include "libcore/sim/world.h"

namespace spate::sim {

class Faults {
 public:
  // Everything is scheduled here. The world must outlive it.
  explicit Faults(World& world);

 private:
  void begin(std::size_t index);
  std::vector<HostId> victims(const Fault& fault, std::size_t index);
  bool may_befall(const Fault& fault, HostId host);
  void befall(const Fault& fault, HostId host);
  void relieve(const Fault& fault, HostId host);
  void partition(const Fault& fault, std::size_t index, const std::vector<HostId>& group);
  void join(const Fault& fault);

  World& world_;
};

}  // namespace spate::sim
