// A scenario: all that is said about a world before it runs. With a seed it is a run (world.h); as a file it is TOML
// (scenario_reader.h, scenario_writer.h, spate-scenario(5)). Plain data: every field has a default.
//
// Shares are parts per million, rates bits per second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/sim/link.h"
#include "libcore/sim/nat.h"

namespace spate::sim {

struct StreamSpec {
  std::uint64_t rate_bps = 4'000'000;
  std::uint32_t frames_per_second = 25;
  std::uint32_t key_frame_weight = 1;  // how much larger than the others every 50th frame is
};

// A kind of host: its access link, and how many of the population have it.
struct LinkClass {
  std::string name = "all";
  std::uint32_t share = 1;           // relative to the other classes' shares
  std::uint32_t up_times_milli = 0;  // of the stream's rate, in place of up.rate_bps; 0: that
  LinkConfig up;
  LinkConfig down;
  bool traces_in_step = false;  // both links' traces: the same in all hosts of the class
};

struct MapSpec {
  enum class Kind : std::uint8_t {
    kWorld,   // cities, by population
    kPlane,   // a square: delay_min between neighbours, delay_max from corner to corner
    kMatrix,  // the round-trip matrix that the run is given
  };
  Kind kind = Kind::kWorld;
  std::string continent;  // of the world, only this one; empty: all
  Duration delay_min = std::chrono::milliseconds(5);
  Duration delay_max = std::chrono::milliseconds(80);
};

struct ClockSpec {
  Duration offset_max = std::chrono::hours(1'000);
  std::uint32_t drift_ppm_max = 50;  // either way
};

struct NatSpec {
  std::uint32_t share_ppm = 0;          // of the viewers
  std::uint32_t carrier_grade_ppm = 0;  // of these, behind a second one
  // Of all of them; nothing: as surveys found them (draw_nat()).
  std::optional<NatRule> mapping;
  std::optional<NatRule> filtering;
  std::optional<Duration> idle_timeout;
};

struct ArrivalSpec {
  Duration within = std::chrono::seconds(3);  // evenly spread
};

// How long viewers stay: log-normal.
struct ChurnSpec {
  bool on = true;
  Duration median = std::chrono::seconds(600);
  std::uint32_t sigma_milli = 1'500;
  std::uint32_t abrupt_ppm = 500'000;  // leave without a word
  bool replace = true;                 // whoever leaves is followed by somebody new
};

enum class Who : std::uint8_t { kPublisher, kRelays, kViewers, kInterior, kAll };

struct Fault {
  enum class Kind : std::uint8_t {
    kKill,       // gone without a word
    kLeave,      // with a goodbye
    kCrash,      // gone without a word, and back after `lasts`
    kPause,      // stopped, as by SIGSTOP, for `lasts`
    kPartition,  // cut off from all others for `lasts`
    kClog,       // what goes to and from it waits for `lasts`
    kSwizzle,    // clogged one after the other, in random order, and freed in another
    kLoss,       // `loss_ppm` more is lost for `lasts`
    kRate,       // its link has `factor_ppm` of its rate for `lasts`
    kDelay,      // `by` more, for `lasts`
    kMtu,        // datagrams above `bytes` vanish for `lasts`
    kNatRebind,  // its NAT forgets, and uses new ports
    kClockJump,  // its clock jumps by `by`
    kUdpBlock,   // no UDP reaches or leaves it any more
    kJoin,       // `count` new viewers come
  };
  Kind kind = Kind::kKill;
  Duration at{};
  Duration within{};  // spread over so long; zero: all at once
  Duration lasts{};
  Who who = Who::kViewers;
  std::uint32_t share_ppm = 1'000'000;  // of them
  bool one_way = false;                 // partition: only what they send is lost
  bool keeps_state = true;              // crash: comes back with the same key
  bool new_address = false;             // NAT rebinding: and uses another address
  std::uint32_t loss_ppm = 0;
  std::uint32_t factor_ppm = 1'000'000;
  Duration by{};
  std::uint32_t bytes = 0;
  std::uint32_t count = 0;
};

// Whether whom it befalls is gone for a time, or for good.
inline bool ends_lives(Fault::Kind kind) {
  return kind == Fault::Kind::kKill || kind == Fault::Kind::kLeave || kind == Fault::Kind::kCrash;
}
// "kill interior", for people.
std::string describe(const Fault& fault);

struct HostileSpec {
  enum class Kind : std::uint8_t {
    kColluder,   // is honest, until it goes without a word together with all its kind
    kCopier,     // stands on the way, and copies what passes from another address (mischief/)
    kFlooder,    // begins handshakes by the thousand from addresses that are not there (mischief/)
    kFreeRider,  // serves nobody
    kLiar,       // what it says of itself and others is untrue; every second one serves hardly anybody
    kMisnamer,   // names others where they are not, or long after they left (misnaming.h)
    kOmitter,    // is given children, and sends them no stream
    kPolluter,   // sends its children forged shards
    kReplayer,   // sends again what others have sent (mischief/)
    kStormer,    // asks for everything again, a thousand times a second (mischief/)
    kSybil,      // joins under many names and stays for ever
  };
  Kind kind = Kind::kFreeRider;
  std::uint32_t share_ppm = 0;  // of the viewers
  Duration at{};                // colluders and what is in mischief/: nothing is done before
};

// What must hold of the whole run, beside safety and liveness. Zero or empty: nothing is asked.
struct ExpectSpec {
  Duration startup_max = std::chrono::seconds(5);
  bool complete = false;  // honest viewers miss no packet
  std::uint32_t continuity_ppm = 0;
  std::uint32_t by_500ms_ppm = 0;
  std::uint32_t by_1s_ppm = 0;
  std::uint32_t ever_ppm = 0;
  Duration lag_p50{};
  Duration lag_p99{};
  std::uint64_t hostile_deeds = 0;  // at least, or it shows nothing that all went well
};

struct Scenario {
  std::string name;
  std::string purpose;       // one sentence
  std::uint64_t seed = 1;    // what all chance is drawn from
  std::uint32_t peers = 50;  // a publisher, the relays, and for the rest viewers
  std::uint32_t relays = 0;
  Duration duration = std::chrono::seconds(30);  // of input
  Duration warm_up{};                            // at the start, left out of the figures
  Duration calm = std::chrono::seconds(8);       // at the end, without faults or departures: then all must play

  StreamSpec stream;
  LinkClass publisher;
  LinkClass relay;
  std::vector<LinkClass> viewers;
  std::uint32_t relay_only_ppm = 0;   // of the honest viewers: they talk to the publisher and the relays only
  std::uint32_t udp_blocked_ppm = 0;  // of the viewers: no UDP reaches or leaves them
  // How many each serves; nothing: as many as 0.9 of its uplink carries.
  std::optional<std::uint16_t> publisher_children;
  std::optional<std::uint16_t> relay_children;
  std::optional<std::uint16_t> viewer_children;
  std::optional<Duration> latency;  // of playout; nothing: automatic
  bool upload_limits = true;        // everybody is told 0.9 of its uplink
  // What viewers and relays keep for others; nothing: as much as the tools do, and 4 s in worlds above 1,000 peers.
  std::optional<Duration> history;
  Duration wake = std::chrono::microseconds(500);  // how often hosts look at their sockets and timers

  MapSpec map;
  ClockSpec clock;
  NatSpec nat;
  ArrivalSpec arrivals;
  ChurnSpec churn;
  std::vector<Fault> faults;
  std::vector<HostileSpec> hostile;
  ExpectSpec expect;
};

// Somebody has no UDP. Only then does anybody try TCP: where all have it, a run is the same as it ever was.
bool blocks_udp(const Scenario& scenario);

// Section by section the defaults of the built-in world: uplinks of 0.1, 0.7, 1.6 and 5 times the stream's rate.
Scenario default_scenario();

}  // namespace spate::sim
