// Cuts a failing scenario down (sim/hunt.h), each candidate in a process of its own: one that crashes is a result like
// any other, and a signal is heard meanwhile.
#pragma once

#include <functional>

#include "libcore/sim/run.h"

namespace spate::tools {

inline constexpr int kShrinkRunsMax = 300;

// The smallest scenario found that ends with the same exit code: another trouble would be another story. When `stop`
// says so, what there is by then. REQUIRES that this one does.
sim::Scenario shrink(const sim::Scenario& scenario, const sim::RunOptions& options, int exit_code,
                     const std::function<bool()>& stop);

}  // namespace spate::tools
