// Whether a member has parents at all, since when, and when it gives up for want of them.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/swarm/config.h"
#include "libcore/swarm/events.h"
#include "libcore/swarm/parents.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Attachment {
 public:
  Attachment(const JoinConfig& config, const Parents& parents, const Reception& reception, Instant now)
      : config_(config), parents_(parents), reception_(reception), without_since_(now) {}

  // Some parent has accepted us, and still serves us.
  bool attached() const { return parents_.served() != 0; }
  bool ever() const { return ever_; }
  // When the first of the run accepted us.
  Instant since() const { return since_; }
  // Parents taken after the first.
  std::uint64_t switches() const { return switches_; }

  void begin_run(Instant now) {
    if (attached()) without_since_ = now;
  }
  // A parent has accepted us, and Reception has not been started with it yet.
  void on_accepted(Instant now) {
    if (!reception_.started()) since_ = now;
  }
  // It counts as one from now on. True if it is the first of all.
  bool on_parent();
  void on_lost(Instant now) {
    if (!attached()) without_since_ = now;
  }

  // Why the member gives up for good, if it does.
  std::optional<StopReason> stop_reason(Instant now) const;

 private:
  const JoinConfig config_;
  const Parents& parents_;
  const Reception& reception_;
  bool ever_ = false;
  Instant since_{};
  Instant without_since_;
  std::uint64_t switches_ = 0;
};

}  // namespace spate::swarm
