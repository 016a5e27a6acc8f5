// Cuts a failing scenario down (sim/hunt.h), each candidate in a process of its own: one that crashes is a result like
// any other, and a signal is heard meanwhile.
#pragma once

#include <functional>

#include "libcore/sim/run.h"

namespace spate::tools {

inline constexpr int kShrinkRunsMax = 300;

// The smallest scenario found that fails in the same way: with the same exit code, and with the kind of finding that is
// the first of this one, for another trouble would be another story. When `stop` says so, what there is by then.
// REQUIRES that this one ends with `exit_code`.
sim::Scenario shrink(const sim::Scenario& scenario, const sim::RunOptions& options, int exit_code,
                     const std::function<bool()>& stop);

}  // namespace spate::tools
