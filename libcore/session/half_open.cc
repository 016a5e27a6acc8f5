#include "libcore/session/half_open.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/session/network_prefix.h"

namespace spate::session {

const HalfOpen* HalfOpenTable::find(const InitiationIdentity& identity, const Address& from) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const HalfOpen& entry) {
    return entry.used && entry.address == from && entry.identity == identity;
  });
  return found == entries_.end() ? nullptr : &*found;
}

const HalfOpen& HalfOpenTable::add(HalfOpen entry, Instant now) {
  const std::uint32_t slot = take_slot(entry.address);
  entry.used = true;
  entry.expires = now + kLife;
  indices_.reassign(entry.keys->own_index(), {IndexTable::Kind::kHalfOpen, slot});
  entries_[slot] = std::move(entry);
  ++size_;
  return entries_[slot];
}

std::uint32_t HalfOpenTable::take_slot(const Address& from) {
  const NetworkPrefix network = network_of(from);
  const auto is_neighbour = [&](const HalfOpen& entry) { return entry.used && network_of(entry.address) == network; };
  const auto neighbours = std::count_if(entries_.begin(), entries_.end(), is_neighbour);
  if (neighbours >= static_cast<std::ptrdiff_t>(kPerNetworkMax)) {
    auto skip = rng_.below(static_cast<std::uint64_t>(neighbours));
    const auto victim = std::find_if(entries_.begin(), entries_.end(),
                                     [&](const HalfOpen& entry) { return is_neighbour(entry) && skip-- == 0; });
    drop(*victim);
    return static_cast<std::uint32_t>(victim - entries_.begin());
  }
  const auto free = std::find_if(entries_.begin(), entries_.end(), [](const HalfOpen& entry) { return !entry.used; });
  if (free != entries_.end()) return static_cast<std::uint32_t>(free - entries_.begin());
  if (entries_.size() < kMax) {
    entries_.emplace_back();
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  const auto victim = static_cast<std::uint32_t>(rng_.below(kMax));
  drop(entries_[victim]);
  return victim;
}

std::unique_ptr<KeySet> HalfOpenTable::take_keys(HalfOpen& entry) {
  SPATE_CHECK(entry.used);
  entry.used = false;
  --size_;
  return std::move(entry.keys);
}

void HalfOpenTable::drop(HalfOpen& entry) { indices_.release(take_keys(entry)->own_index()); }

void HalfOpenTable::drop_service(ServiceIndex service) {
  for (HalfOpen& entry : entries_)
    if (entry.used && entry.service == service) drop(entry);
}

Instant HalfOpenTable::expire(Instant now) {
  Instant earliest = kNever;
  for (HalfOpen& entry : entries_) {
    if (!entry.used) continue;
    if (now >= entry.expires)
      drop(entry);
    else
      earliest = std::min(earliest, entry.expires);
  }
  return earliest;
}

}  // namespace spate::session
