// Kinds of access that a scenario names: fibre, cable, Wi-Fi, mobile, satellite. Rates and delays are of 2020 to 2025
// surveys, queues and jitter are judgement; spate-scenario(5) has them as a table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libcore/sim/scenario.h"

namespace spate::sim {

std::optional<LinkClass> find_access(std::string_view name);
// "fibre, cable, ...", for people.
std::string access_names();

}  // namespace spate::sim
