#include "libcore/swarm/ending.h"

#include <algorithm>

namespace spate::swarm {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);  // for what is still missing when the run has ended

}  // namespace

void Ending::on_ended(Instant now) {
  if (patience_ == kNever) patience_ = now + kPatience;
}

std::optional<Ending::End> Ending::judge(Instant now) {
  constexpr End kRunOver{StopReason::kEnded, wire::ByeReason::kEnded};
  if (house_.publisher) return house_.publisher->drained(now) ? std::optional(kRunOver) : std::nullopt;
  if (house_.reception->info() && house_.reception->info()->ended)
    return member_done(now) ? std::optional(kRunOver) : std::nullopt;
  if (const auto reason = house_.member->stop_reason(now)) return End{*reason, wire::ByeReason::kLeaving};
  return std::nullopt;
}

bool Ending::member_done(Instant now) {
  Reception& reception = *house_.reception;
  const Children& children = house_.children;
  if (now >= patience_ && now - reception.last_stored() >= kPatience) reception.give_up_rest();
  const bool overdue = now >= patience_ && now - patience_ >= Publisher::kDrainMax;
  const bool children_done = overdue || children.all_have_the_end(reception.info()->head) ||
                             now - std::max(patience_, children.last_progress()) >= Publisher::kDrainPatience;
  return reception.finished() && house_.events.empty() && children_done;
}

}  // namespace spate::swarm
