// CoDel (RFC 8289): drops from a queue whose packets have waited too long for too long.
//
// It decides about a packet at the time it would leave the queue, and may be asked as soon as that time is known: in a
// queue served in order, when the packet is put in.
#pragma once

#include <cstdint>

#include "libcore/base/time.h"

namespace spate::sim {

class CoDel {
 public:
  static constexpr Duration kTarget = std::chrono::milliseconds(5);
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  // Whether the packet that leaves the queue at `leaves`, after that wait, is dropped. `short_queue`: no more than a
  // packet of the largest size was in front of it, so that a slow link's own pace is not taken for a standing queue.
  // REQUIRES the packets in the order of the queue.
  bool drops(Duration waited, Instant leaves, bool short_queue);

 private:
  static Instant next_drop(Instant after, std::uint32_t count);
  bool too_long(Duration waited, Instant leaves, bool short_queue);

  Instant drop_from_{};  // when the wait will have been too long for an interval; zero: it is not too long
  Instant drop_next_{};
  std::uint32_t count_ = 0;  // drops since it began to drop
  std::uint32_t last_count_ = 0;
  bool dropping_ = false;
};

}  // namespace spate::sim
