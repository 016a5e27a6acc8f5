// The figures of a probe, as spate-probe prints them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libcore/base/time.h"

namespace spate::tools {

struct ProbeReport {
  Duration handshake{};
  std::uint64_t sent = 0;
  std::vector<Duration> rtts;  // of the answered pings, in the order of sending

  double loss() const;                  // 0..1
  Duration rtt(double quantile) const;  // REQUIRES an answer
  // Interarrival jitter as RFC 3550 (6.4.1) smooths it: J += (|D| - J) / 16 over the differences of neighbouring
  // round trips.
  Duration jitter() const;
};

std::string format_probe_text(const std::string& target, const ProbeReport& report);
std::string format_probe_json(const std::string& target, const ProbeReport& report);

}  // namespace spate::tools
