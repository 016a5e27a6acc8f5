// How far what has been sent is ahead of the upload limit: what can wait, waits for it.
#pragma once

#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"

namespace spate::swarm {

// With so much more sent than the upload limit allows, a member's questions wait.
constexpr Duration kQuestionDebtMax = std::chrono::milliseconds(100);

inline Duration upload_debt(TokenBucket& upload, Instant now) { return upload.ready_at(now) - now; }

}  // namespace spate::swarm
