#include "libcore/base/units.h"

#include <charconv>
#include <initializer_list>

namespace spate {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// A plain decimal number in front, then one of the units; nothing else, and a result that fits 63 bits.
std::optional<double> scaled(std::string_view text, std::initializer_list<Unit> units) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !(value >= 0)) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units)
    if (name == unit.name && value * unit.factor < 9e18) return value * unit.factor;
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  const auto ns = scaled(text, {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}});
  if (!ns) return std::nullopt;
  return Duration(static_cast<std::int64_t>(*ns));
}

std::optional<std::uint64_t> parse_bit_rate(std::string_view text) {
  const auto rate = scaled(text, {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}});
  if (!rate) return std::nullopt;
  return static_cast<std::uint64_t>(*rate);
}

}  // namespace spate
