// A table by 64-bit hashes that only grows: what is looked for stands at one place of memory, as a rule, however much
// there is. The hashes 0 and 1 are one to it. Never iterated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace spate::sim {

template <typename Value>
class HashTable {
 public:
  std::size_t size() const { return size_; }
  // The one that is there, or a new one. Good until the next call.
  Value& operator[](std::uint64_t hash) {
    if (2 * size_ >= entries_.size()) grow();
    Entry& entry = at(entries_, key_of(hash));
    if (entry.key == 0) {
      entry.key = key_of(hash);
      ++size_;
    }
    return entry.value;
  }
  // Null if it is not there. Good until the next call of operator[].
  const Value* find(std::uint64_t hash) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = at(entries_, key_of(hash));
    return entry.key == 0 ? nullptr : &entry.value;
  }
  bool contains(std::uint64_t hash) const { return find(hash) != nullptr; }

 private:
  static constexpr std::size_t kFirst = 64;
  struct Entry {
    std::uint64_t key = 0;  // 0: free
    [[no_unique_address]] Value value{};
  };

  static std::uint64_t key_of(std::uint64_t hash) { return hash == 0 ? 1 : hash; }
  // Where it is, or the free place where it would be. The size is a power of two, and half of it is free.
  template <typename Entries>
  static auto& at(Entries& entries, std::uint64_t key) {
    const std::size_t mask = entries.size() - 1;
    std::size_t place = static_cast<std::size_t>(key) & mask;
    while (entries[place].key != 0 && entries[place].key != key) place = (place + 1) & mask;
    return entries[place];
  }
  void grow() {
    std::vector<Entry> larger(entries_.empty() ? kFirst : 2 * entries_.size());
    for (Entry& entry : entries_)
      if (entry.key != 0) at(larger, entry.key) = std::move(entry);
    entries_ = std::move(larger);
  }

  std::vector<Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace spate::sim
