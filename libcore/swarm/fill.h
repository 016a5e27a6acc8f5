// How full the queues of a stream are that grow by what peers send, each with what it may hold: for whoever watches
// that memory stays bounded.
#pragma once

#include <array>
#include <cstddef>

namespace spate::swarm {

struct Fill {
  const char* what = "";
  std::size_t has = 0;
  std::size_t most = 0;
};

// Of all children the fullest. What a node does not have holds nothing.
using Fills = std::array<Fill, 8>;

}  // namespace spate::swarm
