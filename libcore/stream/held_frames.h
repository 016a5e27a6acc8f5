// Shards and parity frames that wait for the list that proves them: unproven, so bounded, and for a short time.
//
// At most kOfNeighbourMax of a neighbour and kMax of all; both limits drop the oldest. One neighbour cannot push out
// what others sent before kMax is reached.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"

namespace spate::stream {

struct HeldFrame {
  static constexpr std::uint8_t kShard = 0xff;

  Buffer frame;
  std::uint64_t sequence = 0;    // of a shard, or the first of a parity's block
  std::uint8_t parity = kShard;  // which, if it is not a shard
  std::uint64_t neighbour = 0;
  Instant since{};

  bool is_shard() const { return parity == kShard; }
};

class HeldFrames {
 public:
  static constexpr std::size_t kOfNeighbourMax = 256;
  static constexpr std::size_t kMax = 1024;
  static constexpr Duration kTime = std::chrono::milliseconds(100);

  // False if it is known: the neighbour has sent one in its place, or another has sent the same bytes. (What another
  // sent may be a forgery, so different bytes are no reason to refuse these.)
  bool add(HeldFrame frame);
  // Takes out those that are covered, by sequence and age. They last until the next call.
  template <typename Covered>
  std::span<HeldFrame> take(Covered covered);
  void clear() { held_.clear(); }
  std::size_t size() const { return held_.size(); }

  // The lowest sequence of a held shard; UINT64_MAX if there is none.
  std::uint64_t lowest_shard() const;
  bool has_shard(std::uint64_t sequence) const;

  Instant next_deadline() const { return held_.empty() ? kNever : held_.front().since + kTime; }
  void handle_deadline(Instant now);  // drops what was held too long
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::vector<HeldFrame> held_;   // in order of arrival
  std::vector<HeldFrame> taken_;  // by the last take()
  std::uint64_t dropped_ = 0;
};

template <typename Covered>
std::span<HeldFrame> HeldFrames::take(Covered covered) {
  taken_.clear();
  auto keep = held_.begin();
  for (HeldFrame& held : held_) {
    if (covered(held)) {
      taken_.push_back(std::move(held));
    } else {
      if (&*keep != &held) *keep = std::move(held);
      ++keep;
    }
  }
  held_.erase(keep, held_.end());
  std::sort(taken_.begin(), taken_.end(), [](const HeldFrame& a, const HeldFrame& b) {
    return a.sequence != b.sequence ? a.sequence < b.sequence : a.since < b.since;
  });
  return taken_;
}

}  // namespace spate::stream
