#include "libcore/stream/held_frames.h"

#include "tests/catch.h"
#include "tests/unit/stream/material.h"

using namespace spate;
using namespace spate::stream;
using std::chrono::milliseconds;

namespace {

struct Fixture {
  bool add(std::uint64_t sequence, std::uint64_t neighbour, std::uint8_t parity = HeldFrame::kShard,
           std::uint8_t fill = 0) {
    Buffer frame = pool.take(10);
    std::ranges::fill(frame.writable(), fill);
    return held.add({std::move(frame), sequence, parity, neighbour, now});
  }

  BufferPool pool;
  HeldFrames held;
  Instant now = kStart;
};

}  // namespace

TEST_CASE("held frames: a parity and a shard of the same number have places of their own") {
  Fixture f;
  CHECK(f.add(16, 1));
  CHECK(f.add(16, 1, 0));
  CHECK(f.add(16, 1, 1));
  CHECK_FALSE(f.add(16, 1));
  CHECK_FALSE(f.add(16, 1, 0, 9));  // the same sender
  CHECK_FALSE(f.add(16, 2, 1));     // the same bytes
  CHECK(f.add(16, 2, 1, 9));
  CHECK(f.add(3, 2, 0));
  CHECK(f.held.lowest_shard() == 16);
  CHECK(f.held.has_shard(16));
  CHECK_FALSE(f.held.has_shard(3));
}

TEST_CASE("held frames: what is taken comes by sequence and age, and the rest stays in order") {
  Fixture f;
  for (const std::uint64_t sequence : {9u, 4u, 7u, 2u, 4u, 8u}) {
    f.now += milliseconds(1);
    CHECK(f.add(sequence, static_cast<std::uint32_t>(f.now.time_since_epoch().count()), HeldFrame::kShard,
                static_cast<std::uint8_t>(to_us(f.now - kStart) / 1'000)));
  }
  std::vector<std::uint64_t> taken;
  Instant before = Instant::min();
  for (const HeldFrame& frame : f.held.take([](const HeldFrame& held) { return held.sequence < 8; })) {
    if (!taken.empty() && taken.back() == frame.sequence) CHECK(before < frame.since);
    taken.push_back(frame.sequence);
    before = frame.since;
  }
  CHECK(taken == std::vector<std::uint64_t>{2, 4, 4, 7});
  CHECK(f.held.lowest_shard() == 8);
  CHECK(f.held.next_deadline() == kStart + milliseconds(1) + HeldFrames::kTime);
  f.held.handle_deadline(f.held.next_deadline());
  CHECK(f.held.dropped() == 1);
  CHECK_FALSE(f.held.has_shard(9));
  CHECK(f.held.next_deadline() == kStart + milliseconds(6) + HeldFrames::kTime);
  f.held.clear();
  CHECK(f.held.next_deadline() == kNever);
}
