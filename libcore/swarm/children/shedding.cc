#include "libcore/swarm/children/shedding.h"

#include <tuple>

namespace spate::swarm {
namespace {

constexpr Duration kOverMax = std::chrono::seconds(3);
constexpr unsigned kSpareSlots = 24;  // what costs a little more than it seemed is not ended for that: one in so many

}  // namespace

void Shedding::shed(Instant now) {
  const unsigned slots = slots_.all();
  const bool by_load = slots == load_.bearable();
  const unsigned bearable = by_load ? slots : slots + slots / kSpareSlots;
  const unsigned used = table_.used();
  if (used <= bearable)
    over_since_ = kNever;
  else if (over_since_ == kNever)
    over_since_ = now;
  if (over_since_ == kNever || (!by_load && now - over_since_ < kOverMax)) return;
  for (unsigned over = used - bearable; over > 0; --over)
    if (!shed_one(now)) return;
}

bool Shedding::shed_one(Instant now) {
  Child* least = nullptr;
  unsigned least_stripe = 0;
  std::tuple<bool, unsigned, unsigned, int> least_worth;
  const bool share_kept = admission_.within_share(0);
  for (Child& c : table_) {
    for_each_stripe(sheddable(c), [&](unsigned s) {
      const std::tuple worth{c.hosts_only && share_kept, branches(c.passes_on & bit(s), c.slots, s, table_.striping()),
                             unsigned{c.slots}, -static_cast<int>(s)};
      if (least != nullptr && worth >= least_worth) return;
      least = &c;
      least_stripe = s;
      least_worth = worth;
    });
  }
  if (least == nullptr) return false;
  admission_.end(*least, least_stripe, std::nullopt, now);
  return true;
}

// What only one child has of somebody who is at home everywhere, nobody else may have.
StripeMask Shedding::sheddable(const Child& child) const {
  if (!table_.everywhere() || child.hosts_only) return child.stripes;
  return child.stripes & (table_.had_twice() | ~first_stripes(table_.striping().data));
}

}  // namespace spate::swarm
