// Figures of a run as people read them. Used by the table and by the page.
#pragma once

#include <cstdint>
#include <string>

#include "libcore/base/time.h"

namespace spate::tools {

std::string milliseconds_text(Duration d);  // "95.2 ms", "1.25 s"
std::string percent_text(double share);     // "99.93 %", "100 %" only if it is all
std::string count_text(std::uint64_t n);    // "1,807,581"
// "1 seed", "2,000 seeds".
std::string counted(std::uint64_t n, const std::string& what);
std::string factor_text(double factor);  // "9.23 x"
std::string short_count_text(double n);  // "231 k"

Duration from_seconds(double seconds);

}  // namespace spate::tools
