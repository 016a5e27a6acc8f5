// The faults of a scenario: puts them on a world's timeline, chooses whom they befall, and takes them back. Where
// several of a kind overlap on a host, it is free of them with the end of the last; except crashes, for who is down
// cannot crash: it comes back with the end of the first.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "libcore/sim/partitions.h"
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
  void befall(std::size_t index, HostId host);
  void relieve(std::size_t index, HostId host);
  void crash(const Fault& fault, HostId host);
  void partition(std::size_t index, const std::vector<HostId>& group);
  // The fault has ended for the host. False: it never befell it, or it died of something else meanwhile.
  bool end(std::size_t index, HostId host);
  // Whether a fault for which `what` holds is on the host now.
  template <typename What>
  bool suffers(HostId host, What what) const;
  void join(const Fault& fault);

  const Fault& fault(std::size_t index) const { return world_.scenario().faults[index]; }

  World& world_;
  Partitions partitions_;
  std::map<HostId, std::set<std::size_t>> now_;  // faults that have begun for a host, and will end
};

}  // namespace spate::sim
