// The newest verified shards of one run of a stream, and the hash lists that prove them: one ring, indexed by
// sequence, that forwarding, repair and playout share.
//
// Holds at most slots_max sequences, kSlots if nothing else is asked, ending at head(); what falls out below is gone.
// Beside it are the blocks and their parity (blocks.h), which have a bound of their own.
// Memory: as many blocks of BufferPool::kBlockBytes (25 MB for kSlots) and one for each list; the ring grows to that
// only as shards come. Only verified frames may enter. References and pointers to slots last until the store is next
// changed.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/stream/blocks.h"
#include "libcore/wire/shard.h"

namespace spate::stream {

// There are thousands of them; what a shard's sequence says is not repeated.
struct StoredShard {
  Buffer frame;                  // as sent inside a data datagram, to whichever neighbour; empty if not here
  Buffer list;                   // the hash list frame that proves it; empty for an inline proof or if not here yet
  std::uint64_t list_first = 0;  // the first sequence of `list`
  std::uint64_t media_us = 0;
  Instant arrived{};
  std::uint16_t payload_offset = 0;
  std::uint8_t flags = 0;
  bool given_up = false;  // a hole that nobody will fill

  bool present() const { return static_cast<bool>(frame); }
  Bytes payload() const { return frame.bytes().subspan(payload_offset); }
};

class Store {
 public:
  static constexpr std::uint64_t kSlots = 16'384;

  // REQUIRES 0 < slots_max <= kSlots.
  explicit Store(std::uint64_t slots_max = kSlots);

  // One past the highest sequence that a shard, a list or advance_head() told of. 0 when empty.
  std::uint64_t head() const { return head_; }
  // The lowest sequence whose slot is still kept: max(0, head - slots_max), or where the stream was joined.
  std::uint64_t tail() const { return tail_; }
  // Forgets everything and continues at this sequence (a joiner's first, a new epoch).
  void restart(std::uint64_t first);
  // Makes room for sequences below new_head; slots that fall out are cleared. Never goes back.
  void advance_head(std::uint64_t new_head);

  // Within [tail, head)?
  bool covers(std::uint64_t sequence) const { return sequence >= tail_ && sequence < head_; }
  // The slot of a covered sequence (REQUIRES covers()). An absent shard has !present().
  StoredShard& at(std::uint64_t sequence);
  const StoredShard& at(std::uint64_t sequence) const;
  // The shard, or null if it is not here.
  const StoredShard* find(std::uint64_t sequence) const;
  // The lowest sequence in [from, head) whose shard is here, or is not; head() if there is none. 64 slots a step.
  std::uint64_t next_present(std::uint64_t from) const { return scan(from, 0); }
  std::uint64_t next_absent(std::uint64_t from) const { return scan(from, ~std::uint64_t{0}); }

  // Stores a verified shard; advances head as needed. False if it is below tail() or already here. Keeps the
  // slot's list. REQUIRES sequence < head() + kSlots (the caller bounds jumps).
  bool insert(std::uint64_t sequence, StoredShard shard);
  // Notes a verified list in the slots it covers (those at or above tail() that have none yet); advances head.
  void insert_list(const Buffer& list, std::uint64_t first, std::size_t count);

  // The blocks that lists told of, whether or not their shards are in the ring.
  Blocks& blocks() { return blocks_; }
  const Blocks& blocks() const { return blocks_; }

  // The highest sequence that has been stored; any number if nothing has.
  std::uint64_t newest() const { return newest_; }
  // The newest present shard that starts a random-access point, or the newest present one if none is marked, or
  // head() if nothing is here.
  std::uint64_t start_for_joiner() const;

 private:
  static constexpr std::uint64_t kNone = UINT64_MAX;

  std::size_t index_of(std::uint64_t sequence) const { return static_cast<std::size_t>(sequence % ring_.size()); }
  void clear(std::uint64_t from, std::uint64_t to);
  void grow(std::uint64_t slots);
  std::uint64_t scan(std::uint64_t from, std::uint64_t invert) const;

  // Slots outside [tail, head) are empty. The ring's size is a multiple of 64; a bit of `present_` stands for a slot.
  const std::uint64_t slots_max_;
  std::vector<StoredShard> ring_;
  std::vector<std::uint64_t> present_;
  Blocks blocks_;
  std::uint64_t tail_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t newest_ = kNone;
  std::uint64_t newest_random_access_ = kNone;
};

}  // namespace spate::stream
