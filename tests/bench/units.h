// Durations, rates, sizes and shares as the test programs' options spell them: 20ms, 5M, 256K, 5%.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace spate::bench {

namespace detail {

// The number in front, then the factor its suffix names. Throws std::invalid_argument on anything else.
template <std::size_t N>
double scaled(const std::string& text, const std::pair<std::string_view, double> (&suffixes)[N]) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    throw std::invalid_argument("not a number: '" + text + "'");
  }
  const std::string_view suffix = std::string_view(text).substr(used);
  for (const auto& [name, factor] : suffixes) {
    if (suffix == name && value >= 0) return value * factor;
  }
  throw std::invalid_argument("cannot read '" + text + "'");
}

}  // namespace detail

// Nanoseconds. Only zero may go without a unit.
inline std::int64_t parse_duration(const std::string& text) {
  if (text == "0") return 0;
  return static_cast<std::int64_t>(
      detail::scaled(text, {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}}));
}

// A count with a decimal multiplier: bits per second, bytes.
inline std::uint64_t parse_quantity(const std::string& text) {
  return static_cast<std::uint64_t>(detail::scaled(text, {{"", 1.0}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}));
}

// A share of one: 5% or 0.05.
inline double parse_share(const std::string& text) {
  const double share = detail::scaled(text, {{"", 1.0}, {"%", 0.01}});
  if (share >= 1) throw std::invalid_argument("not below 100%: '" + text + "'");
  return share;
}

}  // namespace spate::bench
