// The job that bench-star and bench-ns3-star both do: hosts around a hub send datagrams to one another, each at a
// steady rate and to a host drawn anew every time. Plain C++: neither simulator is needed to know what to send.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace spate::bench {

struct StarJob {
  static constexpr std::uint32_t kHosts = 1'000;
  static constexpr std::uint32_t kPayloadBytes = 1'200;
  static constexpr std::uint64_t kLinkBitsPerSecond = 10'000'000;  // up and down
  static constexpr std::uint64_t kQueueBytes = 256 * 1024;         // of each link
  static constexpr std::int64_t kLinkDelayNs = 5'000'000;
  static constexpr std::int64_t kIntervalNs = 2'000'000;  // 4.9 Mbit/s of each host
};

// What one host sends: when the first, and to whom each. SplitMix64 (Steele, Lea and Flood, 2014), from the host's
// number.
class StarSender {
 public:
  explicit StarSender(std::uint32_t host) : host_(host), state_(std::uint64_t{host} << 32) {}

  std::int64_t first_ns() { return static_cast<std::int64_t>(below(StarJob::kIntervalNs)); }
  // Never to itself.
  std::uint32_t destination() {
    const auto drawn = static_cast<std::uint32_t>(below(StarJob::kHosts - 1));
    return drawn < host_ ? drawn : drawn + 1;
  }

 private:
  std::uint64_t below(std::uint64_t n) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % n;
  }

  std::uint32_t host_;
  std::uint64_t state_;
};

// How many seconds to simulate, from the command line.
inline std::optional<std::int64_t> star_seconds(int argc, char** argv) {
  const long seconds = argc >= 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (seconds < 1 || seconds > 3'600) return std::nullopt;
  return seconds;
}

inline void print_star(std::uint64_t sent, std::uint64_t delivered, std::int64_t cpu_ns) {
  const double seconds = static_cast<double>(cpu_ns) / 1e9;
  std::printf("{\"sent\": %llu, \"delivered\": %llu, \"cpu_s\": %.3f, \"delivered_per_cpu_s\": %.0f}\n",
              static_cast<unsigned long long>(sent), static_cast<unsigned long long>(delivered), seconds,
              static_cast<double>(delivered) / seconds);
}

}  // namespace spate::bench
