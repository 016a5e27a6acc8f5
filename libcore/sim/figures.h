// Figures of a run, whatever it was that ran: what viewers were owed and got, and what it cost on the wire.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/sim/broadcast.h"
#include "libcore/sim/recorder.h"
#include "libcore/sim/run.h"
#include "libcore/sim/tally.h"

namespace spate::sim {

class DeliverySum {
 public:
  // Both must outlive it. The recorder has been told all but what was not written at the end.
  DeliverySum(const Broadcast& broadcast, Recorder& recorder) : broadcast_(broadcast), recorder_(recorder) {}

  // One life of a viewer.
  struct Life {
    Instant joined{};
    std::optional<Instant> left{};         // before the end of its stream
    std::optional<std::uint64_t> first{};  // packet that it wrote
    std::optional<std::uint64_t> next{};   // after the last that it wrote
    std::uint64_t written = 0;             // packets
  };
  void add(const Life& life);

  // Fills in what was delivered, and the continuity.
  void sum_up(RunResult& result) const;
  // The share of its packets that the whole run delivered, warm-up and all.
  double ever_in_all() const;

 private:
  std::uint64_t owed_end(const Life& life, std::uint64_t first) const;

  const Broadcast& broadcast_;
  Recorder& recorder_;
  std::uint64_t packets_ = 0;
  std::uint64_t packets_of_all_ = 0;
  std::uint64_t written_of_all_ = 0;
  std::uint64_t frames_ = 0;
};

// Fills in the overhead, the publisher's upload, and what was counted.
void sum_up_wire(const Tally& measured, const Broadcast& broadcast, const Recorder& recorder, Instant now,
                 RunResult& result);

}  // namespace spate::sim
