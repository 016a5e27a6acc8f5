// What it costs to serve: bytes a second on the wire for a stripe, for the hash lists and for control messages, all
// smoothed; and how many slots the upload limit carries at that price.
#pragma once

#include <cstdint>

#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"
#include "libcore/session/path_size.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/table.h"
#include "libcore/swarm/peers.h"

namespace spate::swarm {

// For turning bytes into counts of shards.
constexpr std::uint64_t kShardWireBytes = session::PathSize::kSizes[0];

class Costs {
 public:
  Costs(const ChildTable& table, const stream::Store& store, const StreamRate& rate, const Peers& peers,
        const TokenBucket& upload)
      : table_(table), store_(store), rate_(rate), peers_(peers), upload_(upload) {}

  // Control messages have gone out: what they take is no room for slots.
  void on_control(std::uint64_t bytes) { control_bytes_ += bytes; }
  // The rate has been measured: what a stripe and the lists cost, by the newest shard that is here.
  void measure_stream();
  void measure_control(Instant now);
  // How many slots that part of the upload limit carries. No end of them if nothing limits, or nothing is known.
  std::uint64_t affordable(std::uint64_t percent) const;

 private:
  std::uint64_t header_bytes() const;

  const ChildTable& table_;
  const stream::Store& store_;
  const StreamRate& rate_;
  const Peers& peers_;
  const TokenBucket& upload_;
  std::uint64_t stripe_bytes_per_second_ = 0;
  std::uint64_t list_bytes_per_second_ = 0;
  std::uint64_t control_bytes_ = 0;  // since control_since_
  std::uint64_t control_bytes_per_second_ = 0;
  Instant control_since_{};
};

}  // namespace spate::swarm
