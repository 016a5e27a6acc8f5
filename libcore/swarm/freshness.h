// Whether what a member has of the stream is still new: a publisher says something at least each second, so that longer
// silence means that it is gone, or that somebody keeps its words from us.
#pragma once

#include <optional>

#include "libcore/swarm/events.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Freshness {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(3);

  Freshness(const Reception& reception, StreamIndex stream) : reception_(reception), stream_(stream) {}

  // FellSilent and Resumed, in turn. Before the first word and after the last one of a run there is no silence.
  std::optional<Event> judge(Instant now);
  Instant next_deadline() const { return silent_since_ || !awaited() ? kNever : reception_.last_word() + kPatience; }

 private:
  bool awaited() const { return reception_.info() && !reception_.info()->ended; }

  const Reception& reception_;
  const StreamIndex stream_;
  std::optional<Instant> silent_since_;
};

}  // namespace spate::swarm
