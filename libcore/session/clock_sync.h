// The publisher's media clock, as estimated over one path.
//
// A peer tells its own estimate in each pong; half the round trip is added. Of the last kSamples the one with
// the shortest round trip is believed (NTP's clock filter, RFC 5905 section 10): its error is at most half its round
// trip.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

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
  static constexpr std::size_t kSamples = 16;
  struct Sample {
    std::int64_t offset_us = 0;  // media clock minus local clock
    Duration rtt{};
  };

  std::array<Sample, kSamples> samples_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
  std::int64_t offset_us_ = 0;
};

}  // namespace spate::session
