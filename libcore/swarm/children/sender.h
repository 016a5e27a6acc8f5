// The way out: seals what the other machines have chosen, charges it to the upload limit and counts it by what it was
// for. Remembers until when sending has to wait. Whoever has been silent for kConsent may be gone, or may never have
// wanted any of this: it is sent nothing until it speaks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libcore/base/token_bucket.h"
#include "libcore/session/endpoint.h"
#include "libcore/swarm/children/child.h"
#include "libcore/swarm/stats.h"

namespace spate::swarm {

struct ChildrenStats {
  std::uint64_t payload_bytes_sent = 0;  // repairs and all
  std::uint64_t repairs_sent = 0;
  SentBytes sent;
};

// Where it goes in this call of pump().
struct Outgoing {
  session::Endpoint& endpoint;
  DatagramBatch& batch;
  Instant now;

  bool full() const { return batch.full(); }
};

class Sender {
 public:
  enum class Why { kInTurn, kAskedFor };
  static constexpr Duration kConsent = std::chrono::seconds(2);

  explicit Sender(TokenBucket& upload) : upload_(upload) {}

  void shard(const Child& child, const stream::StoredShard& shard, Why why, Outgoing& out);
  void list(const Child& child, const stream::StoredShard& shard, Why why, Outgoing& out);
  void parity(const Child& child, Bytes frame, Outgoing& out);
  void parity_list(const Child& child, Bytes frame, Outgoing& out);

  // Must the next datagram wait for the upload limit? If so nothing more goes out in this pump().
  bool must_wait(Instant now);
  bool waits() const { return upload_ready_ != kNever; }
  // There is more to send then, by a budget of the caller's.
  void wait_until(Instant ready) { budget_ready_ = std::min(budget_ready_, ready); }
  // A new pump() begins.
  void begin() { upload_ready_ = budget_ready_ = kNever; }
  Instant next_deadline() const { return std::min(upload_ready_, budget_ready_); }

  const ChildrenStats& stats() const { return stats_; }

 private:
  // Returns the bytes on the wire; 0 if the session is not what it was, or silent.
  std::uint64_t send(const Child& child, Bytes frame, Outgoing& out);

  TokenBucket& upload_;
  Instant upload_ready_ = kNever;
  Instant budget_ready_ = kNever;
  ChildrenStats stats_;
};

}  // namespace spate::swarm
