#include "libcore/session/handshake_load.h"

#include <algorithm>

namespace spate::session {

bool HandshakeLoad::add(Instant now) {
  if (now - second_start_ >= std::chrono::seconds(1)) {
    second_start_ = now;
    in_second_ = 0;
  }
  ++in_second_;
  // The queue holds no more than makes the load high, or a long flood would keep it so long after its end.
  const Instant longest = now + Duration(kSpacing * std::int64_t{kQueued});
  served_until_ = std::min(std::max(served_until_, now) + Duration(kSpacing), longest);
  if (in_second_ >= kPerSecond || served_until_ >= longest) high_until_ = now + kLinger;
  return now < high_until_;
}

}  // namespace spate::session
