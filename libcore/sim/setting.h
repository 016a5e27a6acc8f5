// What a scenario says about the stage, made from it: the stream, the delays between hosts, the boxes before them.
#pragma once

#include <memory>

#include "libcore/base/rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/matrix_delay.h"
#include "libcore/sim/network.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

BroadcastConfig broadcast_config(const Scenario& scenario);

// `matrix` for a map of that kind only; it outlives the model.
std::unique_ptr<DelayModel> delay_model(const MapSpec& map, const RttMatrix* matrix, const Rng& root);

// Who is behind which box that translates addresses. `root` is the run's generator; hosts come in their order.
class Homes {
 public:
  // The box that a host is behind, if it is.
  BoxId draw_box(const NatSpec& nat, const Rng& root, HostId host, Network& network);

 private:
  static constexpr std::uint32_t kHomesOfCarrier = 32;  // behind one of its boxes

  BoxId carrier_box(const NatSpec& nat, const Rng& root, Network& network);

  BoxId carrier_box_ = kNoBox;       // the last one
  std::uint32_t carrier_homes_ = 0;  // behind carriers' boxes
};

}  // namespace spate::sim
