// Who gets which stripe, and in whose place: what there is room for is granted, and where there is none, who passes on
// much takes the place of who passes on little (standing.h). Whoever loses a stripe is sent it for kDisplacedFor more.
//
// Who has nobody but the link's hosts takes the place of anybody who may look elsewhere, as long as such have no more
// than a share of the slots: it is by their own word, and what they get goes no further.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "libcore/swarm/children/slots.h"
#include "libcore/swarm/children/standing.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

struct DisplacedChild {
  session::SessionId session;
  StripeMask stripes;
  std::optional<session::SessionId> by;  // nobody: there is no room any more, nor with whoever took the place
};

class Admission {
 public:
  // So long it takes to find the way to whoever took the place.
  static constexpr Duration kDisplacedFor = std::chrono::milliseconds(400);

  static constexpr unsigned kHostsOnlyShare = 3;  // one slot in so many

  Admission(ChildTable& table, const Slots& slots) : table_(table), slots_(slots) {}

  // Which of the wanted stripes, that it does not have, the child may have. They are not put down in the table yet.
  StripeMask grant(session::SessionId session, const wire::Subscribe& request, StripeMask wanted, Instant now);
  // What it takes to be given each stripe (wire::StripeStatus::place).
  using Places = InlineVector<std::uint8_t, wire::kStripesAllMax>;
  Places places() const;
  // Those that have nobody but the link's hosts have no more than their share, with so many more slots.
  bool within_share(unsigned more) const;
  // The child's stripe is another's now, or nobody's.
  void end(Child& child, unsigned stripe, std::optional<session::SessionId> by, Instant now);
  std::vector<DisplacedChild> take_displaced() { return std::exchange(displaced_, {}); }

 private:
  struct Held {  // a stripe that a child has, and what that is good for
    unsigned branches;
    Child* child;
    unsigned stripe;
  };
  // Of `among`, held by anybody but `by`.
  std::optional<Held> least(StripeMask among, unsigned stripe, std::optional<session::SessionId> by) const;
  StripeMask in_place_of(unsigned stripe) const;
  bool is_open(unsigned stripe, const wire::Subscribe& request) const;
  bool grant_of_share(unsigned stripe, unsigned so_far, bool has_room, session::SessionId by, Instant now);
  // What room there is for it is for those that pass on what they get.
  bool kept(unsigned stripe, const Slots::Room& room) const;
  std::uint8_t place(unsigned stripe, const Slots::Room& room) const;
  // How many branches it takes to have the stripe in the place of that one; nobody can.
  std::optional<unsigned> needed(unsigned stripe, const std::optional<Held>& least) const;
  bool displace(unsigned stripe, session::SessionId by, const wire::Subscribe& request, Instant now);

  ChildTable& table_;
  const Slots& slots_;
  std::vector<DisplacedChild> displaced_;
};

}  // namespace spate::swarm
