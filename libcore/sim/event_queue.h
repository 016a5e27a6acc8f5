// The pending events of a simulation, in one total order: (time, destination, source, source sequence).
//
// The order depends on what happens and to whom, never on when an event was pushed, on an address or on a global
// counter: so it stays the same when hosts are added, and would stay the same if hosts were spread over processes.
// No two pending events may have the same key.
//
// A hierarchical timing wheel: 6 levels of 256 slots, the finest slot 1,024 ns wide. A slot that comes due is
// put into exact order by a small heap. push() and pop() take constant time whatever the number pending. Time may
// run from 0 to kTimeMax (9 years).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libcore/base/time.h"

namespace spate::sim {

using HostId = std::uint32_t;

struct Event {
  Instant time;
  HostId destination = 0;
  HostId source = 0;
  std::uint64_t sequence = 0;  // the source's own count
  // The owner's affair: what it is, how large, and where the rest is.
  std::uint16_t kind = 0;
  std::uint16_t bytes = 0;
  std::uint32_t payload = 0;
};

// Whether a comes before b.
bool before(const Event& a, const Event& b);

class EventQueue {
 public:
  static constexpr Instant kTimeMax{Duration((std::int64_t{1} << 58) - 1)};

  EventQueue();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // REQUIRES that time is not before that of the last event popped.
  void push(const Event& event);
  // The first event, or null when there is none; valid until the next call.
  const Event* peek();
  // REQUIRES !empty().
  Event pop();

 private:
  static constexpr int kLevels = 6;
  static constexpr int kSlotBits = 8;
  static constexpr std::size_t kSlots = 1u << kSlotBits;
  static constexpr int kTickBits = 10;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // A slot's events, in no order, in a list of blocks: dealing them out reads memory in sequence.
  static constexpr std::uint32_t kBlockEvents = 31;
  struct Block {
    std::array<Event, kBlockEvents> events;
    std::uint32_t count;
    std::uint32_t next;
  };
  struct Level {
    std::array<std::uint32_t, kSlots> heads;          // the first block of each, which alone may have room
    std::array<std::uint64_t, kSlots / 64> filled{};  // which lists are not empty
  };

  static std::uint64_t tick_of(Instant time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count()) >> kTickBits;
  }
  static int next_filled(const Level& level, std::size_t from);
  void place(const Event& event);
  std::uint32_t take_block(std::uint32_t next);
  void make_ready(const Event& event);
  void advance();

  std::array<Level, kLevels> levels_;
  std::vector<Block> blocks_;
  std::uint32_t free_ = kNone;
  std::uint64_t cursor_ = 0;  // the tick that the ready events' slot stands for
  std::vector<Event> ready_;  // a heap: every event with a tick of at most cursor_
  std::size_t size_ = 0;
  Instant popped_{};
};

}  // namespace spate::sim
