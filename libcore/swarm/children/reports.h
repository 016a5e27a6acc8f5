// What children say of how far they have come: what has landed, what their path loses, who is behind, and whether all
// have the end.
#pragma once

#include <cstdint>

#include "libcore/swarm/children/rate.h"
#include "libcore/swarm/children/table.h"

namespace spate::swarm {

class Reports {
 public:
  Reports(const ChildTable& table, const StreamRate& rate) : table_(table), rate_(rate) {}

  // A peer may claim to have seen what it was not sent; that is not worth more than the truth.
  void on_report(Child& child, const wire::Report& report, Instant now);

  // How many sequences the slowest child that is still moving has yet to get; 0 without children.
  std::uint64_t backlog(Instant now) const;
  // Has every child reported that it has the run to its end, and that it knows this?
  bool all_have_the_end(std::uint64_t head) const;
  Instant last_progress() const { return last_progress_; }

 private:
  const ChildTable& table_;
  const StreamRate& rate_;
  Instant last_progress_{};
};

}  // namespace spate::swarm
