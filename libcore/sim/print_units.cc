#include "libcore/sim/print_units.h"

#include <array>
#include <utility>

#include "libcore/base/decimal.h"

namespace spate::sim {

std::string print_duration(Duration d) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits{
      {{3'600'000'000'000, "h"}, {60'000'000'000, "m"}, {1'000'000'000, "s"}, {1'000'000, "ms"}}};
  const std::int64_t ns = d.count();
  if (ns == 0) return "0";
  for (const auto& [unit, name] : kUnits)
    if (ns % unit == 0) return std::to_string(ns / unit) + name;
  const auto parts = static_cast<std::uint64_t>(ns);
  if (parts >= 1'000'000'000) return print_decimal(parts, 1'000'000'000) + "s";
  if (parts >= 1'000'000) return print_decimal(parts, 1'000'000) + "ms";
  return print_decimal(parts, 1'000) + "us";
}

std::string print_rate(std::uint64_t bps) {
  if (bps > 0 && bps % 1'000'000 == 0) return std::to_string(bps / 1'000'000) + "M";
  if (bps > 0 && bps % 1'000 == 0) return std::to_string(bps / 1'000) + "k";
  return std::to_string(bps);
}

}  // namespace spate::sim
