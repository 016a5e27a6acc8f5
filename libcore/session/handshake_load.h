// Are so many handshakes asked for that each must prove its address first?
//
// Yes from kPerSecond within a second on, or when kQueued would wait if kPerSecond were served (a burst), and for
// kLinger after it was last so. A responder's part takes 0.15 to 0.3 ms: kPerSecond of them take 3 to 6 % of a core,
// below the tenth of one that handshakes may take. (The core reads no clock, so it counts instead.)
#pragma once

#include <cstdint>

#include "libcore/base/time.h"

namespace spate::session {

class HandshakeLoad {
 public:
  static constexpr std::uint64_t kPerSecond = 200;
  static constexpr std::uint64_t kQueued = 64;
  static constexpr Duration kLinger = std::chrono::seconds(1);

  // A handshake is asked for. True if the load is high now.
  bool add(Instant now);

 private:
  static constexpr std::int64_t kSpacing = 1'000'000'000 / std::int64_t{kPerSecond};  // ns

  Instant served_until_{};  // when the imagined queue will be empty
  Instant second_start_{};
  std::uint64_t in_second_ = 0;
  Instant high_until_{};
};

}  // namespace spate::session
