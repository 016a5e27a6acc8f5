// Verify before forward: decides what may enter the Store.
//
// A frame is taken from a neighbour, proven against the stream's key, and stored, or it is not stored. A shard
// whose list has not come is held, at most kHeldMax of them for kHoldTime, and never leaves the verifier. Duplicates are found before any signature is
// checked. A frame that is wrong can only have been made by the neighbour it came from (honest ones verify first):
// the caller drops that neighbour.
#pragma once

#include <cstdint>
#include <deque>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/stream/store.h"

namespace spate::stream {

enum class Verdict {
  kStored,     // new and proven; Verifier::stored() names the sequences
  kHeld,       // waits for its list
  kDuplicate,  // known already
  kStale,      // below the store's tail, of another epoch, or implausibly far ahead
  kForged,     // malformed or wrong: the neighbour's fault
};

struct VerifierStats {
  std::uint64_t signatures = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t held_dropped = 0;
};

class Verifier {
 public:
  static constexpr std::size_t kHeldMax = 256;
  static constexpr Duration kHoldTime = std::chrono::milliseconds(100);
  // A sequence this far above the head is refused: it would wipe the store.
  static constexpr std::uint64_t kJumpMax = Store::kSlots / 2;

  Verifier(const crypto::StreamKey& stream, const crypto::Suite& suite, Store& store);

  // Frames of another run are stale from here on. The caller restarts the store.
  void begin_epoch(std::uint64_t epoch);
  std::uint64_t epoch() const { return epoch_; }

  // A shard or hash list frame; the buffer becomes the stored one. REQUIRES begin_epoch() to have been called.
  Verdict take(Buffer frame, Instant now);
  // The sequences stored by the last take(): one for a shard, several when a list freed held shards.
  std::span<const std::uint64_t> stored() const { return stored_; }

  // A held shard whose list is missing: the lowest such sequence, for asking after the list; UINT64_MAX if none.
  std::uint64_t lacks_list() const;
  Instant next_deadline() const;
  void handle_deadline(Instant now);  // drops what was held too long
  const VerifierStats& stats() const { return stats_; }

 private:
  struct Held {
    Buffer frame;
    std::uint64_t sequence;
    Instant since;
  };

  Verdict take_shard(Buffer frame, Instant now);
  Verdict take_list(Buffer frame, Instant now);

  const crypto::StreamKey stream_;
  const crypto::Suite& suite_;
  Store& store_;
  std::uint64_t epoch_ = 0;
  crypto::SymmetricKey salt_{};
  std::uint64_t media_reference_ = 0;
  std::deque<Held> held_;
  std::vector<std::uint64_t> stored_;
  VerifierStats stats_;
};

}  // namespace spate::stream
