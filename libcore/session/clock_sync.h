// The publisher's media clock, as estimated over one path.
//
// A peer tells its own estimate in each pong; half the round trip is added. Of the last kSamples the one with
// the shortest round trip is believed (NTP's clock filter, RFC 5905 section 10): its error is at most half its round
// trip.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/time.h"

namespace spate::session {

class ClockSync {
 public:
  // At `now` the peer's answer to a ping sent `rtt` ago said that the media clock was media_us when it left.
  void add(std::uint64_t media_us, Duration rtt, Instant now);

  bool known() const { return count_ > 0; }
  // The media clock at `now`, microseconds; not before 0. REQUIRES known().
  std::uint64_t media_us(Instant now) const;

 private:
  static constexpr std::uint64_t kSamples = 16;
  struct Sample {
    std::uint64_t number;
    std::int64_t offset_us;  // media clock minus local clock
    Duration rtt;
  };

  // Those that may yet be the best of the last kSamples: each has a shorter round trip than any after it that is gone,
  // and the first has the shortest.
  std::vector<Sample> samples_;
  std::uint64_t count_ = 0;
};

}  // namespace spate::session
