#include "libcore/base/decimal.h"

namespace spate {

std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t unit, Finer finer) {
  const std::uint64_t most = UINT64_MAX / 10 / unit;
  std::uint64_t whole = 0;
  std::uint64_t part = 0;
  std::uint64_t scale = unit;  // of the last digit behind the point
  bool digits = false;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    digits = true;
    if (!point) {
      if (digit > most || whole > (most - digit) / 10) return std::nullopt;
      whole = whole * 10 + digit;
    } else if (scale > 1) {
      scale /= 10;
      part += digit * scale;
    } else if (digit != 0 && finer == Finer::kRefused) {
      return std::nullopt;
    }
  }
  return digits ? std::optional(whole * unit + part) : std::nullopt;
}

std::string print_decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::string fraction;
  for (std::uint64_t rest = value % unit, scale = unit / 10; rest > 0; rest %= scale, scale /= 10)
    fraction += static_cast<char>('0' + rest / scale);
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace spate
