// What the emulated network does to a packet, as pure functions of seed and time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace spate::netem {

// xorshift64* seeded through splitmix64: small, and the same numbers on every machine and compiler.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  double unit();  // uniform in [0, 1)

 private:
  std::uint64_t state_;
};

struct PathConfig {
  std::int64_t delay_ns = 0;   // one way, every packet
  std::int64_t jitter_ns = 0;  // mean of an exponential on top; it reorders, as the real one does
  double loss = 0;             // share of packets lost in the long run
  double burst = 1;            // mean number of packets lost in a row
};

// One direction between two hosts. The fate of its n-th packet depends on the seed and n alone: not on time, nor
// on any other direction.
//
// Losses are Gilbert-Elliott's with nothing lost in the good state and everything in the bad one. A mean burst below
// 1 / (1 - loss), that of independent losses, is raised to it: losses would otherwise avoid each other.
class Path {
 public:
  struct Fate {
    bool lost;
    std::int64_t delay_ns;
  };

  Path(const PathConfig& config, std::uint64_t seed);
  Fate next();

 private:
  PathConfig config_;
  Random random_;
  double to_bad_;
  double to_good_;
  bool bad_ = false;
};

// A host's way into the network: one rate and one queue for all its packets, the last in line dropped when full.
class Uplink {
 public:
  // rate_bps 0: no limit.
  Uplink(std::uint64_t rate_bps, std::uint64_t queue_bytes) : rate_bps_(rate_bps), queue_bytes_(queue_bytes) {}

  // When a packet handed over now has left the host; nothing if it found the queue full.
  std::optional<std::int64_t> send(std::size_t bytes, std::int64_t now);

 private:
  std::int64_t time_for(std::uint64_t bytes) const;

  std::uint64_t rate_bps_;
  std::uint64_t queue_bytes_;
  std::int64_t free_at_ = 0;
};

}  // namespace spate::netem
