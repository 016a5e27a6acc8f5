#include "libcore/sim/checker_bounds.h"

#include <string>

#include "libcore/session/endpoint.h"

namespace spate::sim {

void check_bounds(HostId host, const node::NodeStats& stats, const node::Fills& fills, Instant now,
                  Findings& findings) {
  const auto ask = [&](const char* what, std::uint64_t has, std::uint64_t most) {
    if (has > most)
      findings.add(Rule::kSafety, now, host,
                   "holds " + std::to_string(has) + " " + what + ", at most " + std::to_string(most) + " are allowed");
  };
  ask("sessions", stats.sessions, session::Endpoint::kSessionsMax);
  ask("half-open handshakes", stats.half_open, session::Endpoint::kHalfOpenMax);
  for (const node::Fill& fill : fills) ask(fill.what, fill.has, fill.most);
}

void check_conservation(const NetworkStats& stats, Instant now, Findings& findings) {
  if (stats.sent + stats.duplicated == stats.delivered + stats.dropped() + stats.in_flight) return;
  findings.add(Rule::kSafety, now, kWholeRun, "the network has lost count of its datagrams");
}

}  // namespace spate::sim
