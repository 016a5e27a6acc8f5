// Receiver indices: the 32-bit numbers by which our peers name our ends of sessions.
//
// The low 16 bits are a slot, the high 16 are random, so that a lookup is one array access and an old or guessed index
// finds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libcore/base/rng.h"

namespace spate::session {

class IndexTable {
 public:
  enum class Kind : std::uint8_t { kFree, kSession, kHalfOpen };
  struct Owner {
    Kind kind = Kind::kFree;
    std::uint32_t slot = 0;  // in the owner's own table
  };
  static constexpr std::size_t kMax = 1u << 16;

  explicit IndexTable(Rng& rng) : rng_(rng) {}

  // Nothing when all are taken.
  std::optional<std::uint32_t> allocate(Owner owner);
  void release(std::uint32_t index);
  void reassign(std::uint32_t index, Owner owner);
  // kFree unless the index is in use.
  Owner find(std::uint32_t index) const;

 private:
  struct Entry {
    std::uint32_t index = 0;
    Owner owner;
  };
  Rng& rng_;
  std::vector<Entry> entries_;
  std::vector<std::uint16_t> free_;
};

}  // namespace spate::session
