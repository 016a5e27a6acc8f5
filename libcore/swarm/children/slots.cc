#include "libcore/swarm/children/slots.h"

#include <algorithm>

namespace spate::swarm {
namespace {

// Of the upload limit so much is given to slots; less by those that the whole swarm asks for repairs and backlogs.
constexpr std::uint64_t kUsedPercent = 96;
constexpr std::uint64_t kUsedPercentEverywhere = 92;
constexpr std::uint64_t kSlotsMax = 16'384;
constexpr std::uint32_t kReserveFrom = 64;

}  // namespace

std::uint16_t Slots::all() const {
  if (closed_) return 0;
  const bool everywhere = table_.everywhere();
  const unsigned stripes = table_.striping().all();
  const std::uint64_t capacity = std::min(std::uint64_t{capacity_milli_} * stripes / 1'000, kSlotsMax);
  std::uint64_t slots = std::min(capacity, costs_.affordable(everywhere ? kUsedPercentEverywhere : kUsedPercent));
  slots = std::min<std::uint64_t>(slots, load_.bearable());
  // Who is at home in all stripes has each for somebody, if it can, or nobody has it.
  if (everywhere)
    slots = std::max(slots, std::min({capacity, costs_.affordable(kUsedPercent), std::uint64_t{stripes}}));
  return static_cast<std::uint16_t>(slots);
}

Slots::Room Slots::room() const {
  const unsigned taken = table_.used();
  const std::uint16_t slots = all();
  return {slots, taken >= slots ? std::uint16_t{0} : static_cast<std::uint16_t>(slots - taken)};
}

// Who is at home in all stripes shares its slots among them: a stripe that nobody has from the publisher is lost to
// all.
bool Slots::has_room(unsigned stripe, const Room& room) const {
  if (room.free == 0) return false;
  if (!table_.everywhere()) return true;
  const unsigned stripes = table_.striping().all();
  return table_.served(stripe) < (room.all + stripes - 1u) / stripes;
}

// An eighth, of many.
bool Slots::Room::reserved() const { return all >= kReserveFrom && free <= all / 8; }

}  // namespace spate::swarm
