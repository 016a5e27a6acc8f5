#include "libcore/sim/setting.h"

#include <algorithm>
#include <string>

#include "libcore/base/check.h"
#include "libcore/sim/cities.h"
#include "libcore/sim/world_delay.h"

namespace spate::sim {
namespace {

// What is not told is as it was drawn.
NatConfig as_told(const NatSpec& told, NatConfig config) {
  config.type.mapping = told.mapping.value_or(config.type.mapping);
  config.type.filtering = told.filtering.value_or(config.type.filtering);
  config.idle_timeout = told.idle_timeout.value_or(config.idle_timeout);
  return config;
}

}  // namespace

BroadcastConfig broadcast_config(const Scenario& scenario) {
  const StreamSpec& stream = scenario.stream;
  BroadcastConfig broadcast;
  broadcast.rate_bps = stream.rate_bps;
  broadcast.frames_per_second = stream.frames_per_second;
  broadcast.frames_per_group = 2 * stream.frames_per_second;
  broadcast.key_frame_weight = stream.key_frame_weight;
  const Duration frame = Duration(std::chrono::seconds(1)) / stream.frames_per_second;
  broadcast.frames = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(scenario.duration / frame));
  return broadcast;
}

std::unique_ptr<DelayModel> delay_model(const MapSpec& map, const RttMatrix* matrix, const Rng& root) {
  switch (map.kind) {
    case MapSpec::Kind::kPlane:
      return std::make_unique<PlaneDelay>(root, map.delay_min, map.delay_max);
    case MapSpec::Kind::kMatrix:
      SPATE_CHECK(matrix != nullptr);
      return std::make_unique<MatrixDelay>(root, *matrix);
    case MapSpec::Kind::kWorld:
      break;
  }
  return std::make_unique<WorldDelay>(root, continent_named(map.continent));
}

BoxId Homes::draw_box(const NatSpec& nat, const Rng& root, HostId host, Network& network) {
  if (nat.share_ppm == 0) return kNoBox;
  const std::unique_ptr<Rng> rng = root.fork("nat " + std::to_string(host));
  Draws draws(*rng);
  if (!draws.chance_ppm(nat.share_ppm)) return kNoBox;
  const bool carrier_grade = draws.chance_ppm(nat.carrier_grade_ppm);
  return network.add_box(as_told(nat, draw_nat(*rng)), carrier_grade ? carrier_box(nat, root, network) : kNoBox);
}

// A carrier's box with room for one more home.
BoxId Homes::carrier_box(const NatSpec& nat, const Rng& root, Network& network) {
  if (carrier_homes_++ % kHomesOfCarrier == 0) {
    const std::unique_ptr<Rng> rng = root.fork("carrier " + std::to_string(carrier_homes_ / kHomesOfCarrier));
    NatConfig config = as_told(nat, draw_nat(*rng));
    config.mappings_max = NatBox::kMappingsMax;
    carrier_box_ = network.add_box(config);
  }
  return carrier_box_;
}

}  // namespace spate::sim
