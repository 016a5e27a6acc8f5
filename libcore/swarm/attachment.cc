#include "libcore/swarm/attachment.h"

#include <algorithm>

namespace spate::swarm {

bool Attachment::on_parent() {
  if (ever_) {
    ++switches_;
    return false;
  }
  ever_ = true;
  return true;
}

std::optional<StopReason> Attachment::stop_reason(Instant now) const {
  const Duration without = attached() ? Duration::zero() : now - without_since_;
  if (!ever_) {
    if (without < config_.connect_timeout) return std::nullopt;
    return reception_.old_run_offered() ? StopReason::kOldRun : StopReason::kUnreachable;
  }
  if (config_.retry_for > Duration::zero() && without >= config_.retry_for) return StopReason::kStalled;
  const Duration silence = now - std::min(reception_.last_word(), reception_.lacking_since().value_or(now));
  if (config_.idle_timeout > Duration::zero() && silence >= config_.idle_timeout) return StopReason::kStalled;
  return std::nullopt;
}

}  // namespace spate::swarm
