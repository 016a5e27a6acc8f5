// Verify before forward: decides what may enter the Store.
//
// A frame is taken from a neighbour, proven against the stream's key, and stored, or it is not stored. A shard
// whose list has not come is held, at most kHeldMax of them a neighbour and kHeldTotalMax together for kHoldTime,
// and never leaves the verifier. So is a parity whose block no list has told of. Duplicates are found before any
// signature is checked. A frame that is wrong can only have been made by the neighbour it came from (honest ones verify
// first): the caller drops that neighbour.
//
// Whenever a block has proven parity for all of its shards that are missing, they are regenerated, proven like any
// other, and stored. One that no list has come for waits for it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/stream/held_frames.h"
#include "libcore/stream/store.h"

namespace spate::stream {

enum class Verdict {
  kStored,     // new and proven; stored() and stored_parity() say what is new
  kHeld,       // waits for its list
  kDuplicate,  // known already
  kStale,      // below the store's tail, of another epoch, or implausibly far ahead
  kForged,     // malformed or wrong: the neighbour's fault
};

struct VerifierStats {
  std::uint64_t signatures = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t held_dropped = 0;
  std::uint64_t regenerated = 0;
  std::uint64_t blocks_broken = 0;  // with parity that does not fit their shards: the publisher's fault
};

class Verifier {
 public:
  static constexpr std::size_t kHeldMax = HeldFrames::kOfNeighbourMax;
  static constexpr std::size_t kHeldTotalMax = HeldFrames::kMax;
  static constexpr Duration kHoldTime = HeldFrames::kTime;
  // A sequence this far above the head is refused: it would wipe the store. Whoever falls behind by more learns
  // the head from a stream information and calls Store::advance_head().
  static constexpr std::uint64_t kJumpMax = Store::kSlots / 2;
  // No honest stream gets here; above it, sums of sequences could wrap.
  static constexpr std::uint64_t kSequenceEnd = std::uint64_t{1} << 62;
  // For so long after a change of epoch a wrong shard is kStale, not kForged: shards do not name their epoch, and an
  // honest neighbour may not have heard of the new one.
  static constexpr Duration kEpochGrace = std::chrono::seconds(2);

  Verifier(const crypto::StreamKey& stream, const crypto::Suite& suite, BufferPool& pool, Store& store);

  // Frames of another run are stale from here on. The caller restarts the store. All from a StreamInfo: `stripes` of
  // data, 1 to kStripesMax, and of parity, 0 to kParityMax.
  void begin_epoch(std::uint64_t epoch, std::uint64_t media_us, std::uint8_t stripes, std::uint8_t parity);
  std::uint64_t epoch() const { return epoch_; }
  // The media time of each further StreamInfo: shards carry its low half only, so a verifier that hears nothing for
  // 35 minutes could not restore the rest.
  void advance_media(std::uint64_t media_us);

  // A shard, hash list or parity frame; the buffer becomes the stored one. `neighbour` is any number by which the
  // caller knows whom it came from. REQUIRES begin_epoch() to have been called.
  Verdict take(Buffer frame, std::uint64_t neighbour, Instant now);
  // The sequences stored by the last take(): one for a shard, several (or none) for a list that freed held shards;
  // behind them those that were regenerated, also for a parity.
  std::span<const std::uint64_t> stored() const { return stored_; }
  std::span<const std::uint64_t> regenerated() const { return stored().subspan(received_); }
  // The parity frames stored by the last take(), in store.blocks().
  std::span<const ParityId> stored_parity() const { return stored_parity_; }
  // Neighbours whose held frames the list of the last take() proved wrong: to be treated like a kForged of theirs.
  std::span<const std::uint64_t> forgers() const { return forgers_; }

  // A held shard whose list is missing: the lowest such sequence, for asking after the list; UINT64_MAX if none.
  std::uint64_t lacks_list() const { return held_.lowest_shard(); }
  // Is this sequence's shard among the held?
  bool holds(std::uint64_t sequence) const { return held_.has_shard(sequence); }
  std::size_t held() const { return held_.size(); }
  Instant next_deadline() const { return held_.next_deadline(); }
  void handle_deadline(Instant now) { held_.handle_deadline(now); }  // drops what was held too long
  VerifierStats stats() const;

 private:
  Verdict take_shard(Buffer frame, std::uint64_t neighbour, Instant now);
  Verdict take_list(Buffer frame, Instant now);
  Verdict take_parity(Buffer frame, std::uint64_t neighbour, Instant now);
  Verdict hold(Buffer frame, std::uint64_t sequence, std::uint8_t parity, std::uint64_t neighbour, Instant now);
  void release_shards(std::uint64_t first, std::uint64_t end, Instant now);
  void release_parity(Instant now);
  bool told_of(const wire::ParityProof& proof) const;
  std::uint64_t insert_blocks(const Buffer& list);
  void regenerate(std::uint64_t from, std::uint64_t to, Instant now);
  void regenerate(Block& block, Instant now);
  enum class Proof : std::uint8_t { kRight, kWrong, kNoList };
  Proof prove(const wire::ShardView& shard, const wire::ShardHeader& header);
  bool is_block(std::uint64_t first, std::uint8_t count) const { return first % stripes_ + count <= stripes_; }
  bool inline_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header);
  bool list_proof_holds(const wire::ShardView& shard, const wire::ShardHeader& header, const StoredShard& slot) const;
  bool parity_proof_holds(const wire::ParityView& parity, const Block& block) const;
  bool signature_holds(std::uint64_t first, std::uint64_t media_us, Bytes leaves, Bytes parity, Bytes signature);
  void store_shard(Buffer frame, const wire::ShardView& shard, const wire::ShardHeader& header, Instant now);
  void store_parity(Buffer frame, Block& block, std::uint8_t index);
  Verdict wrong(Instant now) const { return now < grace_until_ ? Verdict::kStale : Verdict::kForged; }
  Verdict duplicate() {
    ++stats_.duplicates;
    return Verdict::kDuplicate;
  }

  const crypto::StreamKey stream_;
  const crypto::Suite& suite_;
  BufferPool& pool_;
  Store& store_;
  std::uint64_t epoch_ = 0;
  std::uint8_t stripes_ = 1;
  std::uint8_t parity_ = 0;  // stripes of it; 0 if there is one of data only
  bool begun_ = false;
  bool epoch_changed_ = false;  // and nothing taken since
  Instant grace_until_ = Instant::min();
  crypto::SymmetricKey salt_{};
  std::uint64_t media_reference_ = 0;
  HeldFrames held_;
  std::vector<std::uint64_t> stored_;
  std::size_t received_ = 0;  // of stored_; the rest was regenerated
  std::vector<ParityId> stored_parity_;
  std::vector<std::uint64_t> forgers_;
  VerifierStats stats_;
};

}  // namespace spate::stream
