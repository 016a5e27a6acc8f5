#include "libcore/base/units.h"

#include <algorithm>
#include <initializer_list>

#include "libcore/base/decimal.h"

namespace spate {
namespace {

constexpr std::uint64_t kMost = 9'000'000'000'000'000'000;  // fits 63 bits

// One of it is `parts` times `each`.
struct Unit {
  std::string_view name;
  std::uint64_t parts;  // how finely it is read; a power of ten
  std::uint64_t each;
};

// A plain decimal number in front, then one of the units; nothing else.
std::optional<std::uint64_t> scaled(std::string_view text, std::initializer_list<Unit> units) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    const auto value = parse_decimal(text.substr(0, digits), unit.parts, Finer::kCutOff);
    if (!value || *value > kMost / unit.each) return std::nullopt;
    return *value * unit.each;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  constexpr std::uint64_t kBillion = 1'000'000'000;
  const auto ns = scaled(
      text, {{"us", 1'000, 1}, {"ms", 1'000'000, 1}, {"s", kBillion, 1}, {"m", kBillion, 60}, {"h", kBillion, 3'600}});
  if (!ns) return std::nullopt;
  return Duration(static_cast<std::int64_t>(*ns));
}

std::optional<std::uint64_t> parse_bit_rate(std::string_view text) {
  return scaled(text, {{"", 1, 1}, {"k", 1'000, 1}, {"K", 1'000, 1}, {"M", 1'000'000, 1}, {"G", 1'000'000'000, 1}});
}

}  // namespace spate
