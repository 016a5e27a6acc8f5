// Safety: what a viewer writes is whole packets of the broadcast, in order, each at most once, none before it was
// due, and a gap is never passed over in silence.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/findings.h"

namespace spate::sim {

class OutputChecker {
 public:
  OutputChecker(const Broadcast& broadcast, HostId host, Findings& findings)
      : broadcast_(broadcast), findings_(findings), host_(host) {}

  // Packets first .. end - 1 of the broadcast.
  struct Range {
    std::uint64_t first;
    std::uint64_t end;
  };
  // One write. What it holds, or nothing if it is wrong.
  std::optional<Range> on_output(Bytes bytes, bool discontinuity, Instant now);

  // One past the last packet written; nothing before the first write.
  std::optional<std::uint64_t> next() const { return next_; }

 private:
  std::optional<Range> wrong(Instant now, std::string what);

  const Broadcast& broadcast_;
  Findings& findings_;
  HostId host_;
  std::optional<std::uint64_t> next_;
};

}  // namespace spate::sim
