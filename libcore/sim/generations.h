// A map that forgets: an entry stays for kLife after it was last put in, and is gone after twice that. So it holds what
// came within that time, however long the run is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "libcore/base/time.h"

namespace spate::sim {

template <typename Value>
class Generations {
 public:
  explicit Generations(Duration life) : life_(life) {}

  // Times do not go back.
  void put(std::uint64_t key, Value value, Instant now) {
    age(now);
    young_[key] = std::move(value);
  }
  // Null if it is not there.
  const Value* find(std::uint64_t key, Instant now) {
    age(now);
    for (const Entries* entries : {&young_, &old_})
      if (const auto it = entries->find(key); it != entries->end()) return &it->second;
    return nullptr;
  }
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  using Entries = std::unordered_map<std::uint64_t, Value>;  // never iterated

  void age(Instant now) {
    if (now - since_ < life_) return;
    old_ = now - since_ < 2 * life_ ? std::move(young_) : Entries();
    young_ = Entries();
    since_ = now;
  }

  Duration life_;
  Instant since_{};  // of the young
  Entries young_;
  Entries old_;
};

}  // namespace spate::sim
