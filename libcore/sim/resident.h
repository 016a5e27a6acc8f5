// Who lives on a host: its role, its kind of link, and what it was told on its command line. A function of the
// scenario, the seed and the host's number alone.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/rng.h"
#include "libcore/sim/event_queue.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

inline constexpr HostId kPublisherHost = 0;

enum class Role : std::uint8_t { kPublisher, kRelay, kViewer };

struct Resident {
  Role role = Role::kViewer;
  std::uint32_t link_class = 0;  // of the viewers
  LinkConfig up;
  LinkConfig down;
  std::uint32_t capacity_milli = 0;  // thousandths of the stream that it may send
  std::uint64_t upload_limit_bps = 0;
  std::optional<HostileSpec::Kind> hostile;
  Duration hostile_at{};  // since the start
  bool relay_only = false;
  bool udp_blocked = false;

  bool honest() const { return !hostile; }
};

// Host 0 publishes, hosts 1 to `relays` relay, all others view. `root` is the run's generator.
Resident draw_resident(const Scenario& scenario, const Rng& root, HostId host);

// How long after the start a host joins that is there from then on.
Duration draw_arrival(const Scenario& scenario, const Rng& root, HostId host);

struct Stay {
  Duration lasts{};
  bool abrupt = false;  // it leaves without a word
};
// How long a viewer stays from when it joined; nothing if it does not leave by itself.
std::optional<Stay> draw_stay(const Scenario& scenario, const Rng& root, HostId host);

// The sum of what viewers and relays may upload over what all viewers need, as drawn for `peers` hosts. Below 1 not all
// can be served. Nothing if an uplink has no limit.
std::optional<double> resource_index(const Scenario& scenario, const Rng& root, std::uint32_t peers);

}  // namespace spate::sim
