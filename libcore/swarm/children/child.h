// What is known of one child: what it has, what it says of itself, and how far each machine that sends has come with
// it. It is data only; each part names the machine that keeps it.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/fifo.h"
#include "libcore/base/time.h"
#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/stream/store.h"
#include "libcore/swarm/stripes.h"
#include "libcore/wire/control.h"

namespace spate::swarm {

constexpr std::uint64_t kNoList = UINT64_MAX;

// Something to be sent out of turn.
struct Urgent {
  std::uint64_t sequence;
  bool list;  // the hash list of it rather than the shard
  Instant since{};
  bool operator==(const Urgent& other) const { return sequence == other.sequence && list == other.list; }
};

struct Child {
  static constexpr std::size_t kUrgentMax = 1024;  // late shards waiting, and repairs
  static constexpr std::size_t kParityMax = 64;    // parity shards waiting

  session::SessionId session;
  StripeMask stripes = 0;
  StripeMask ending = 0;  // displaced: sent until ending_at, but not counted
  Instant ending_at = kNever;
  bool lists = true;
  bool hosts_only = false;   // it has nobody but the link's hosts, by its word
  std::uint16_t slots = 0;   // its own, by its word
  StripeMask passes_on = 0;  // its home, and what it sends to somebody now
  std::uint64_t first = 0;
  std::uint32_t window_bytes = 0;
  Instant heard{};
  Instant moved{};  // last progress: something new sent, landed or not needed any more

  // News: how far it has come.
  std::uint64_t cursor = 0;           // the next sequence to send
  std::uint64_t landed = 0;           // nothing below it is on the way any more
  std::uint64_t list_sent = kNoList;  // first sequence of the newest list

  // Markers: when the word that a burst is over is due, and how often still.
  struct {
    Instant at = kNever;
    unsigned left = 0;
  } marker;

  // Latecomers: what came behind the cursor.
  struct {
    Fifo<Urgent> waiting;
    std::uint64_t list_sent = kNoList;
  } late;

  // ParityQueue.
  struct {
    Fifo<stream::ParityId> waiting;
    std::uint64_t list_sent = kNoList;  // the block whose list, of parity only, was sent last
  } parity;

  // Repairs: what it has asked for.
  struct {
    Fifo<Urgent> waiting;
  } asked;

  // Backlogs: what is no news. At twice the pace of the stripes that it is of (four times, where they are most of the
  // stream), or this.
  struct Past {
    static constexpr std::uint64_t kPerSecond = 50;
    static constexpr std::uint64_t kBurst = 16;
    struct Range {  // from `next` to `end`
      StripeMask stripes;
      std::uint64_t next;
      std::uint64_t end;
    };
    std::vector<Range> ranges;
    std::uint64_t list_sent = kNoList;
    TokenBucket pace{kPerSecond, kBurst};  // shards
  } past;

  // Reports: its last, and what it says of the path.
  struct {
    wire::Report last;
    bool any = false;
    std::uint32_t base_received = 0;  // its counters when the loss was last judged
    std::uint32_t base_missed = 0;
    bool lossy = false;  // its path loses more than 0.5 %: lists go twice
  } report;

  // What it is sent.
  StripeMask due() const { return stripes | ending; }

  // The run began anew: all that was told of sequences is void.
  void restart(std::uint64_t sequence) {
    first = cursor = landed = sequence;
    list_sent = late.list_sent = kNoList;
    late.waiting.clear();
    parity.waiting.clear();
    asked.waiting.clear();
    past.ranges.clear();
    report.last = {};
    report.any = false;
    report.base_received = report.base_missed = 0;
  }
};

}  // namespace spate::swarm
