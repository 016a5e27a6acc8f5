#include "libcore/base/units.h"

#include <array>
#include <charconv>
#include <cstdio>
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

template <typename... Args>
std::string print(const char* format, Args... args) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, args...);
  return text.data();
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

std::string format_bytes(std::uint64_t bytes) {
  const double n = static_cast<double>(bytes);
  if (n < 1e3) return std::to_string(bytes) + " B";
  if (n < 1e6) return print("%.1f kB", n / 1e3);
  if (n < 1e9) return print("%.1f MB", n / 1e6);
  return print("%.2f GB", n / 1e9);
}

std::string format_bit_rate(double bits_per_second) {
  if (bits_per_second < 1e6) return print("%.0f kbit/s", bits_per_second / 1e3);
  if (bits_per_second < 1e9) return print("%.1f Mbit/s", bits_per_second / 1e6);
  return print("%.2f Gbit/s", bits_per_second / 1e9);
}

std::string format_duration(Duration d) {
  const double ms = to_ms(d);
  if (ms < 10) return print("%.1f ms", ms);
  if (ms < 1'000) return print("%.0f ms", ms);
  if (ms < 60'000) return print("%.1f s", ms / 1e3);
  const auto seconds = static_cast<long>(ms / 1e3);
  if (seconds < 3'600) return print("%ldm%02lds", seconds / 60, seconds % 60);
  return print("%ldh%02ldm", seconds / 3'600, seconds / 60 % 60);
}

}  // namespace spate
