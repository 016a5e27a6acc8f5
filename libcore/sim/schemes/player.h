// What a baseline's viewer writes: shards in order, each as soon as it is there. One that is missing is waited for
// until `patience` after it was due, then skipped.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/sim/figures.h"
#include "libcore/sim/recorder.h"
#include "libcore/sim/schemes/number_set.h"
#include "libcore/sim/schemes/shards.h"

namespace spate::sim {

class Player {
 public:
  // Tells the recorder; a relay has none.
  Player(const Broadcast& broadcast, const Shards& shards, Recorder* recorder, HostId host, Duration patience)
      : broadcast_(broadcast), shards_(shards), recorder_(recorder), host_(host), patience_(patience) {}

  bool begun() const { return next_.has_value(); }
  // With that shard, once.
  void begin(std::uint64_t shard) { next_ = shard; }
  // What it waits for. REQUIRES begun().
  std::uint64_t next() const { return *next_; }

  // Writes and skips what it can out of what the host has.
  void play(const NumberSet& have, Instant now);
  // When play() is wanted though nothing came.
  Instant deadline(const NumberSet& have) const;

  // Of its life, but for when it joined and left.
  const DeliverySum::Life& life() const { return life_; }

 private:
  void write(std::uint64_t shard, Instant now);
  void note_missed(std::uint64_t first, std::uint64_t end);

  const Broadcast& broadcast_;
  const Shards& shards_;
  Recorder* recorder_;
  HostId host_;
  Duration patience_;
  std::optional<std::uint64_t> next_;
  DeliverySum::Life life_;
  std::uint64_t spoilt_end_ = 0;  // frames below are judged
};

}  // namespace spate::sim
