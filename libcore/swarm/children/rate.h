// How fast the stream is, in shards a second, by the store's head; and so how old what is news may be.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/time.h"
#include "libcore/stream/store.h"

namespace spate::swarm {

class StreamRate {
 public:
  // What is more than so many shards (and an eighth of a second) old is no news.
  static constexpr std::uint64_t kNewsShards = 64;

  explicit StreamRate(const stream::Store& store) : store_(store) {}

  // To be called often. True if there is a new measurement, four times a second at most.
  bool measure(Instant now);
  std::uint64_t shards_per_second() const { return shards_per_second_; }  // 0 at first
  // So many shards behind the newest.
  std::uint64_t age(std::uint64_t sequence) const { return store_.head() - std::min(sequence, store_.head()); }
  bool is_news(std::uint64_t sequence) const { return age(sequence) <= kNewsShards + shards_per_second_ / 8; }

 private:
  const stream::Store& store_;
  std::uint64_t head_ = 0;
  Instant since_{};
  std::uint64_t shards_per_second_ = 0;
};

}  // namespace spate::swarm
