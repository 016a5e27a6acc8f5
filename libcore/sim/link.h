// One direction of a host's access link.
//
// A packet waits in a queue of bytes served at the link's rate, or is dropped at its tail when it does not fit; then it
// may be lost; then it takes `delay` plus jitter. A lost packet has used the link's time all the same. What would leave
// the queue after the end of time (EventQueue::kTimeMax) does not fit.
//   Rate     constant, or a trace's.
//   Queue    of bytes. With `codel`, what has waited too long is dropped at its head as well, and uses no time.
//   Loss     Gilbert's model running in time: good and bad spells of exponential length follow one another whether
//            or not anything is sent, and what leaves the queue during a bad spell is lost. The share of time that
//            is bad is `loss_ppm`, the mean bad spell `loss_burst`. With no burst length, each packet is lost
//            independently.
//   Jitter   of a kind (jitter.h) and a mean. Packets overtake one another (`reorders`), or the late one holds up
//            those behind it.
//   Copies   a duplicate takes its own jitter.
//   Harm     a bit flipped, or the end cut off: who carries the packet does it.
//   MTU      larger packets vanish without a trace, and use no time.
//   Disturbances come and go while the link runs; several add up.
// The link keeps no packets: it says when each will arrive. Rounding is up, to whole nanoseconds for each packet. A
// change of rate that nobody could foresee (a disturbance, not a trace or a disturbance's end) comes too late for the
// packets that wait already; whatever is sent after it finds the queue served at the new rate.
//
// Packets are counted with their IP and UDP headers, everywhere here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/sim/codel.h"
#include "libcore/sim/draws.h"
#include "libcore/sim/jitter.h"
#include "libcore/sim/rate_trace.h"

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
  JitterKind jitter_kind = JitterKind::kExponential;
  bool codel = false;
  std::uint32_t corrupt_ppm = 0;
  std::uint32_t truncate_ppm = 0;
  std::uint32_t mtu_bytes = 0;               // 0: none
  std::shared_ptr<const RateTrace> trace{};  // instead of rate_bps
  bool trace_in_step = false;                // at its start at time zero; otherwise anywhere in it, link by link
};

// From the time that it is given to a link until `until`.
struct Disturbance {
  std::uint32_t extra_loss_ppm = 0;          // of single packets
  std::uint32_t rate_factor_ppm = kMillion;  // 1 to that; the rate stays at least 1 bit/s
  Duration extra_delay{};
  std::uint32_t mtu_bytes = 0;  // 0: none
  Instant until = kNever;
};

class Link {
 public:
  enum class Fate : std::uint8_t { kCarried, kQueueFull, kLost, kCoDel, kTooLarge };
  enum class Harm : std::uint8_t { kNone, kBitFlipped, kTruncated };
  struct Passage {
    Fate fate = Fate::kCarried;
    Harm harm = Harm::kNone;                // to the packet and its copy alike
    Instant arrives{};                      // if carried
    std::optional<Instant> copy_arrives{};  // if carried twice
    std::uint64_t harm_draw = 0;            // uniform: which bit, or where it is cut
  };

  // `rng` is this link's own; a generator for each purpose is forked from it.
  Link(const LinkConfig& config, const Rng& rng);

  // A packet of that many bytes. REQUIRES that `now` is not before the last call's. How large a packet may be does not
  // matter to what may go in parts (TCP finds out what its segments may have).
  Passage send(std::size_t bytes, Instant now, bool in_parts = false);
  // How long a packet sent now would wait.
  Duration queueing(Instant now) const { return free_at_ > now ? free_at_ - now : Duration::zero(); }
  // How long that many bytes take at the constant rate, rounded up; zero without one.
  Duration serialisation(std::uint64_t bytes) const;

  void disturb(const Disturbance& disturbance, Instant now);

 private:
  __extension__ using Wide = unsigned __int128;
  struct Service {
    std::uint64_t rate_bps;
    Instant until;
  };
  // What the disturbances of a moment come to.
  struct Trouble {
    std::uint32_t loss_ppm = 0;
    Duration delay{};
    std::uint32_t mtu_bytes;
  };

  Trouble trouble_at(Instant now);
  // When a packet would have been sent; nothing if it does not fit.
  std::optional<Instant> sent_at(std::size_t bytes, Instant now) const;
  Service service_at(Instant time) const;
  Instant served(Wide work, Instant from) const;
  Wide work_between(Instant from, Instant to) const;
  bool in_short_queue(Instant now) const;
  bool lost_at(Instant time);
  Instant arrival(Instant sent);
  void do_harm(Passage& passage);

  LinkConfig config_;
  Draws jitter_draws_;
  Draws loss_draws_;
  Draws harm_draws_;
  Draws disturbance_draws_;
  Duration queue_time_max_;
  Instant free_at_{};  // when the queue runs empty
  Instant last_arrival_{};
  bool bad_spell_ = false;
  bool rate_changes_ = false;  // has changed or will
  Instant spell_ends_{};
  Duration trace_offset_{};
  CoDel codel_;
  std::vector<Disturbance> disturbances_;
};

}  // namespace spate::sim
