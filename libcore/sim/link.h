// One direction of a host's access link.
//
// A packet waits in a queue of bytes served at `rate_bps`, or is dropped at its tail when it does not fit; then it
// may be lost; then it takes `delay` plus jitter. A lost packet has used the link's time all the same.
//   Loss     Gilbert's model running in time: good and bad spells of exponential length follow one another whether
//            or not anything is sent, and what leaves the queue during a bad spell is lost. The share of time that
//            is bad is `loss_ppm`, the mean bad spell `loss_burst`. With no burst length, each packet is lost
//            independently.
//   Jitter   exponential with mean `jitter`: mostly less, seldom much more. Packets overtake one another
//            (`reorders`), or the late one holds up those behind it.
//   Copies   a duplicate takes its own jitter.
// The link keeps no packets: it says when each will arrive. Rounding is up, to whole nanoseconds for each packet.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/time.h"
#include "libcore/sim/draws.h"

namespace spate::sim {

struct LinkConfig {
  std::uint64_t rate_bps = 0;              // 0: no queue
  std::uint64_t queue_bytes = 256 * 1024;  // what may wait, the packet being sent included
  Duration delay{};
  Duration jitter{};
  bool reorders = true;
  std::uint32_t loss_ppm = 0;
  Duration loss_burst{};
  std::uint32_t duplicate_ppm = 0;
};

class Link {
 public:
  enum class Fate : std::uint8_t { kCarried, kQueueFull, kLost };
  struct Passage {
    Fate fate = Fate::kCarried;
    Instant arrives{};                    // if carried
    std::optional<Instant> copy_arrives;  // if carried twice
  };

  // `rng` is this link's own; two generators are forked from it.
  Link(const LinkConfig& config, const Rng& rng);

  // A packet of that many bytes on the wire. REQUIRES that `now` is not before the last call's.
  Passage send(std::size_t bytes, Instant now);
  // How long a packet sent now would wait.
  Duration queueing(Instant now) const { return free_at_ > now ? free_at_ - now : Duration::zero(); }
  // How long that many bytes take, rounded up; zero without a rate.
  Duration serialisation(std::uint64_t bytes) const;

 private:
  bool lost_at(Instant time);
  Instant arrival(Instant sent);

  LinkConfig config_;
  Draws jitter_draws_;
  Draws loss_draws_;
  Duration queue_time_max_;
  Instant free_at_{};  // when the queue runs empty
  Instant last_arrival_{};
  bool bad_spell_ = false;
  Instant spell_ends_{};
};

}  // namespace spate::sim
