#include "libcore/swarm/freshness.h"

#include <algorithm>
#include <utility>

namespace spate::swarm {

Instant Freshness::next_deadline() const {
  if (!awaited()) return kNever;
  const Instant silent = silent_since_ ? kNever : reception_.last_word() + kPatience;
  const auto lacking = reception_.lacking_since();
  return lacking && !starved_since_ ? std::min(silent, *lacking + kPatience) : silent;
}

std::optional<Event> Freshness::judge(Instant now) {
  if (!reception_.info()) return std::nullopt;
  const auto word = judge_word(now);
  return word ? word : judge_media(now);
}

std::optional<Event> Freshness::judge_media(Instant now) {
  const auto lacking = reception_.lacking_since();
  if (starved_since_) {
    if (lacking) return std::nullopt;
    const Instant since = *std::exchange(starved_since_, std::nullopt);
    if (reception_.last_stored() < since) return std::nullopt;  // another run has begun
    return Fed{stream_, now - since};
  }
  if (!awaited() || !lacking || now - *lacking < kPatience) return std::nullopt;
  starved_since_ = lacking;
  return Starved{stream_};
}

std::optional<Event> Freshness::judge_word(Instant now) {
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
