#include "libcore/stream/store.h"

#include <algorithm>
#include <bit>

#include "libcore/base/check.h"

namespace spate::stream {
namespace {

constexpr std::uint64_t kFirstSlots = 256;  // a fresh store's ring
constexpr std::size_t kWordBits = 64;

}  // namespace

Store::Store(std::uint64_t slots_max) : slots_max_(slots_max), ring_(kFirstSlots), present_(kFirstSlots / kWordBits) {
  SPATE_CHECK(slots_max > 0 && slots_max <= kSlots);
}

void Store::restart(std::uint64_t first) {
  clear(tail_, head_);
  blocks_.clear();
  tail_ = head_ = first;
  newest_ = newest_random_access_ = kNone;
}

void Store::advance_head(std::uint64_t new_head) {
  if (new_head <= head_) return;
  if (new_head - tail_ > slots_max_) {
    const std::uint64_t new_tail = new_head - slots_max_;
    clear(tail_, std::min(new_tail, head_));
    tail_ = new_tail;
  }
  if (new_head - tail_ > ring_.size()) grow(new_head - tail_);
  head_ = new_head;
}

StoredShard& Store::at(std::uint64_t sequence) {
  SPATE_CHECK(covers(sequence));
  return ring_[index_of(sequence)];
}

const StoredShard& Store::at(std::uint64_t sequence) const {
  SPATE_CHECK(covers(sequence));
  return ring_[index_of(sequence)];
}

const StoredShard* Store::find(std::uint64_t sequence) const {
  if (!covers(sequence)) return nullptr;
  const StoredShard& slot = ring_[index_of(sequence)];
  return slot.present() ? &slot : nullptr;
}

bool Store::insert(std::uint64_t sequence, StoredShard shard) {
  if (sequence < tail_) return false;
  SPATE_CHECK(shard.present() && sequence - tail_ < head_ - tail_ + kSlots);
  advance_head(sequence + 1);
  const std::size_t index = index_of(sequence);
  StoredShard& slot = ring_[index];
  if (slot.present()) return false;

  slot.frame = std::move(shard.frame);
  slot.media_us = shard.media_us;
  slot.flags = shard.flags;
  slot.payload_offset = shard.payload_offset;
  slot.given_up = false;
  slot.arrived = shard.arrived;
  present_[index / kWordBits] |= std::uint64_t{1} << (index % kWordBits);
  if (newest_ == kNone || sequence > newest_) newest_ = sequence;
  const bool random_access = (slot.flags & wire::kFlagRandomAccess) != 0;
  if (random_access && (newest_random_access_ == kNone || sequence > newest_random_access_))
    newest_random_access_ = sequence;
  return true;
}

void Store::insert_list(const Buffer& list, std::uint64_t first, std::size_t count) {
  const std::uint64_t end = first + count;
  advance_head(end);
  for (std::uint64_t sequence = std::max(first, tail_); sequence < end; ++sequence) {
    StoredShard& slot = ring_[index_of(sequence)];
    if (slot.list) continue;
    slot.list = list;
    slot.list_first = first;
  }
}

std::uint64_t Store::start_for_joiner() const {
  if (newest_random_access_ != kNone && newest_random_access_ >= tail_) return newest_random_access_;
  if (newest_ != kNone && newest_ >= tail_) return newest_;
  return head_;
}

void Store::clear(std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t sequence = from; sequence < to; ++sequence) {
    const std::size_t index = index_of(sequence);
    ring_[index] = StoredShard{};
    present_[index / kWordBits] &= ~(std::uint64_t{1} << (index % kWordBits));
  }
}

void Store::grow(std::uint64_t slots) {
  const std::uint64_t most = (slots_max_ + kWordBits - 1) / kWordBits * kWordBits;
  const auto size = static_cast<std::size_t>(std::min(std::bit_ceil(slots), most));
  std::vector<StoredShard> ring(size);
  std::vector<std::uint64_t> present(size / kWordBits);
  for (std::uint64_t sequence = tail_; sequence < head_; ++sequence) {
    const std::size_t index = static_cast<std::size_t>(sequence % size);
    ring[index] = std::move(ring_[index_of(sequence)]);
    if (ring[index].present()) present[index / kWordBits] |= std::uint64_t{1} << (index % kWordBits);
  }
  ring_ = std::move(ring);
  present_ = std::move(present);
}

// The ring's size is a multiple of a word's, so a run of slots wraps only between words.
std::uint64_t Store::scan(std::uint64_t from, std::uint64_t invert) const {
  for (std::uint64_t sequence = std::max(from, tail_); sequence < head_;) {
    const std::size_t index = index_of(sequence);
    const std::size_t bit = index % kWordBits;
    const std::uint64_t word = (present_[index / kWordBits] ^ invert) >> bit;
    if (word != 0) return std::min(head_, sequence + static_cast<std::uint64_t>(std::countr_zero(word)));
    sequence += kWordBits - bit;
  }
  return head_;
}

}  // namespace spate::stream
