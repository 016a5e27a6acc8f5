// Whether what a member has of the stream is still new: a publisher says something at least each second, so that longer
// silence means that it is gone, or that somebody keeps its words from us. And whether anybody sends what it says that
// it has: nobody may have room for us.
#pragma once

#include <optional>

#include "libcore/swarm/events.h"
#include "libcore/swarm/reception.h"

namespace spate::swarm {

class Freshness {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(3);

  Freshness(const Reception& reception, StreamIndex stream) : reception_(reception), stream_(stream) {}

  // FellSilent and Resumed, in turn, and Starved and Fed. Before the first word and after the last one of a run there
  // is no silence. Call it until there is nothing.
  std::optional<Event> judge(Instant now);
  Instant next_deadline() const;

 private:
  bool awaited() const { return reception_.info() && !reception_.info()->ended; }
  std::optional<Event> judge_word(Instant now);
  std::optional<Event> judge_media(Instant now);

  const Reception& reception_;
  const StreamIndex stream_;
  std::optional<Instant> silent_since_;
  std::optional<Instant> starved_since_;
};

}  // namespace spate::swarm
