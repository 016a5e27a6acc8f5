#include "libcore/session/index_table.h"

#include "libcore/base/check.h"

namespace spate::session {

std::optional<std::uint32_t> IndexTable::allocate(Owner owner) {
  SPATE_CHECK(owner.kind != Kind::kFree);
  std::uint32_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else if (entries_.size() < kMax) {
    slot = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    return std::nullopt;
  }
  entries_[slot] = {(rng_.u32() << 16) | slot, owner};
  return entries_[slot].index;
}

void IndexTable::release(std::uint32_t index) {
  Entry& entry = entries_[index & 0xffff];
  SPATE_CHECK(entry.index == index && entry.owner.kind != Kind::kFree);
  entry.owner = {};
  free_.push_back(static_cast<std::uint16_t>(index & 0xffff));
}

void IndexTable::reassign(std::uint32_t index, Owner owner) {
  Entry& entry = entries_[index & 0xffff];
  SPATE_CHECK(entry.index == index && entry.owner.kind != Kind::kFree && owner.kind != Kind::kFree);
  entry.owner = owner;
}

IndexTable::Owner IndexTable::find(std::uint32_t index) const {
  const std::size_t slot = index & 0xffff;
  if (slot >= entries_.size() || entries_[slot].index != index) return {};
  return entries_[slot].owner;
}

}  // namespace spate::session
