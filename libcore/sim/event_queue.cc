#include "libcore/sim/event_queue.h"

#include <algorithm>
#include <bit>

#include "libcore/base/check.h"

namespace spate::sim {
namespace {

bool after(const Event& a, const Event& b) { return before(b, a); }

}  // namespace

bool before(const Event& a, const Event& b) {
  if (a.time != b.time) return a.time < b.time;
  if (a.destination != b.destination) return a.destination < b.destination;
  if (a.source != b.source) return a.source < b.source;
  return a.sequence < b.sequence;
}

EventQueue::EventQueue() {
  for (Level& level : levels_) level.heads.fill(kNone);
}

void EventQueue::push(const Event& event) {
  SPATE_CHECK(event.time >= popped_ && event.time <= kTimeMax);
  ++size_;
  if (tick_of(event.time) <= cursor_) {
    make_ready(event);
    return;
  }
  place(event);
}

const Event* EventQueue::peek() {
  if (size_ == 0) return nullptr;
  if (ready_.empty()) advance();
  return &ready_.front();
}

Event EventQueue::pop() {
  SPATE_CHECK(peek() != nullptr);
  std::pop_heap(ready_.begin(), ready_.end(), after);
  const Event first = ready_.back();
  ready_.pop_back();
  --size_;
  popped_ = first.time;
  return first;
}

// An event goes to the level of the highest byte in which its tick differs from the cursor. So its slot lies ahead
// of the cursor's on that level, and the cursor meets it before any event of a higher level.
void EventQueue::place(const Event& event) {
  const std::uint64_t tick = tick_of(event.time);
  const auto level = static_cast<std::size_t>((std::bit_width(tick ^ cursor_) - 1) / kSlotBits);
  const auto slot = static_cast<std::size_t>(tick >> (level * kSlotBits)) % kSlots;
  std::uint32_t& head = levels_[level].heads[slot];
  if (head == kNone || blocks_[head].count == kBlockEvents) head = take_block(head);
  Block& block = blocks_[head];
  block.events[block.count++] = event;
  levels_[level].filled[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

std::uint32_t EventQueue::take_block(std::uint32_t next) {
  if (free_ == kNone) {
    SPATE_CHECK(blocks_.size() < kNone);
    free_ = static_cast<std::uint32_t>(blocks_.size());
    blocks_.emplace_back().next = kNone;
  }
  const std::uint32_t taken = free_;
  free_ = blocks_[taken].next;
  blocks_[taken].count = 0;
  blocks_[taken].next = next;
  return taken;
}

void EventQueue::make_ready(const Event& event) {
  ready_.push_back(event);
  std::push_heap(ready_.begin(), ready_.end(), after);
}

int EventQueue::next_filled(const Level& level, std::size_t from) {
  for (std::size_t word = from / 64; word < level.filled.size(); ++word) {
    std::uint64_t bits = level.filled[word];
    if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits != 0) return static_cast<int>(word * 64) + std::countr_zero(bits);
  }
  return -1;
}

// Moves the cursor to the next event's tick. A slot of a higher level is dealt out to the levels below on the way.
void EventQueue::advance() {
  std::size_t l = 0;
  while (ready_.empty()) {
    SPATE_CHECK(l < levels_.size());
    Level& level = levels_[l];
    const std::size_t shift = l * kSlotBits;
    const int found = next_filled(level, static_cast<std::size_t>(cursor_ >> shift) % kSlots);
    if (found < 0) {
      ++l;
      continue;
    }
    const auto slot = static_cast<std::size_t>(found);
    cursor_ = (cursor_ >> (shift + kSlotBits) << (shift + kSlotBits)) | (std::uint64_t{slot} << shift);
    level.filled[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    std::uint32_t taken = level.heads[slot];
    level.heads[slot] = kNone;
    while (taken != kNone) {
      // place() may move the blocks.
      for (std::uint32_t i = 0; i < blocks_[taken].count; ++i) {
        const Event event = blocks_[taken].events[i];
        tick_of(event.time) == cursor_ ? make_ready(event) : place(event);
      }
      const std::uint32_t next = blocks_[taken].next;
      blocks_[taken].next = free_;
      free_ = taken;
      taken = next;
    }
    l = 0;
  }
}

}  // namespace spate::sim
