// Where children have more than there is room for, who goes without: what matters least goes first; of equals, what
// those have that pass on the least, and parity before data. What only costs a little more than it seemed, or is too
// much for a moment, is borne.
#pragma once

#include "libcore/swarm/children/admission.h"
#include "libcore/swarm/children/load.h"
#include "libcore/swarm/children/slots.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Shedding {
 public:
  Shedding(ChildTable& table, const Slots& slots, const Load& load, Admission& admission)
      : table_(table), slots_(slots), load_(load), admission_(admission) {}

  // The load has been judged.
  void shed(Instant now);

 private:
  bool shed_one(Instant now);
  StripeMask sheddable(const Child& child) const;

  ChildTable& table_;
  const Slots& slots_;
  const Load& load_;
  Admission& admission_;
  Instant over_since_ = kNever;  // more is used than there is room for
};

}  // namespace spate::swarm
