// The newest verified shards of one run of a stream, and the hash lists that prove them: one ring, indexed by
// sequence, that forwarding, repair and playout share.
//
// Holds at most kSlots sequences ending at head(); what falls out below is gone. Memory: kSlots blocks of
// BufferPool::kBlockBytes (25 MB) plus one block for each list. Only verified frames may enter.
#pragma once

#include <cstdint>
#include <vector>

#include "libcore/base/buffer.h"
#include "libcore/base/time.h"
#include "libcore/wire/shard.h"

namespace spate::stream {

struct StoredShard {
  wire::ShardHeader header;
  Buffer frame;              // as sent inside a data datagram, whichever neighbour it goes to; empty if not here
  Buffer list;               // the hash list frame that proves it; empty for an inline proof or if not here yet
  std::uint64_t list_first = 0;  // the first sequence of `list`
  std::uint16_t payload_offset = 0;
  bool given_up = false;     // a hole that nobody will fill
  Instant arrived{};

  bool present() const { return static_cast<bool>(frame); }
  Bytes payload() const { return frame.bytes().subspan(payload_offset); }
};

class Store {
 public:
  static constexpr std::uint64_t kSlots = 16'384;

  Store();

  // One past the highest sequence that a shard, a list or advance_head() told of. 0 when empty.
  std::uint64_t head() const { return head_; }
  // The lowest sequence whose slot is still kept: max(0, head - kSlots), or where the stream was joined.
  std::uint64_t tail() const { return tail_; }
  // Forgets everything and continues at this sequence (a joiner's first, a new epoch).
  void restart(std::uint64_t first);
  // Makes room for sequences below new_head; slots that fall out are cleared.
  void advance_head(std::uint64_t new_head);

  // Within [tail, head)?
  bool covers(std::uint64_t sequence) const { return sequence >= tail_ && sequence < head_; }
  // The slot of a covered sequence (REQUIRES covers()). An absent shard has !present().
  StoredShard& at(std::uint64_t sequence);
  const StoredShard& at(std::uint64_t sequence) const;
  // The shard, or null if it is not here.
  const StoredShard* find(std::uint64_t sequence) const;

  // Stores a verified shard; advances head as needed. False if it is below tail() or already here. Keeps the
  // slot's list. REQUIRES sequence < head() + kSlots (the caller bounds jumps).
  bool insert(StoredShard shard);
  // Notes a verified list in the slots it covers (those at or above tail()); advances head.
  void insert_list(const Buffer& list, std::uint64_t first, std::size_t count);

  // The newest present shard that starts a random-access point, or the newest present one if none is marked, or
  // head() if nothing is here.
  std::uint64_t start_for_joiner() const;

 private:
  std::vector<StoredShard> ring_;
  std::uint64_t tail_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t newest_random_access_ = UINT64_MAX;
};

}  // namespace spate::stream
