// Groups of hosts that are cut off from all others. Several may be at once, and a host may be in several: two hosts
// reach each other while there is no group that has one of them and not the other.
#pragma once

#include <cstddef>
#include <vector>

#include "libcore/sim/network.h"

namespace spate::sim {

class Partitions {
 public:
  // As many kinds of membership as the network has sides.
  static constexpr std::size_t kMost = 3;
  static_assert(std::size_t{1} << kMost <= Network::kSides);

  explicit Partitions(Network& network) : network_(network) {}

  // REQUIRES fewer than kMost. `one_way`: only what the group sends is lost. `name` ends it.
  void begin(std::size_t name, const std::vector<HostId>& group, bool one_way);
  void end(std::size_t name);

 private:
  struct Partition {
    std::size_t name;
    std::vector<HostId> group;
    bool one_way;
  };

  void arrange();
  bool cut(std::size_t from, std::size_t to) const;

  Network& network_;
  std::vector<Partition> now_;
};

}  // namespace spate::sim
