#include "libcore/swarm/freshness.h"

#include <utility>

namespace spate::swarm {

std::optional<Event> Freshness::judge(Instant now) {
  if (!reception_.info()) return std::nullopt;
  const Instant word = reception_.last_word();
  if (silent_since_) {
    if (word == *silent_since_) return std::nullopt;
    const Duration silence = word - *std::exchange(silent_since_, std::nullopt);
    return Resumed{stream_, silence};
  }
  if (!awaited() || now - word < kPatience) return std::nullopt;
  silent_since_ = word;
  return FellSilent{stream_};
}

}  // namespace spate::swarm
