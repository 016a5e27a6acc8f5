#include "tools/simulate/text.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace spate::tools {
namespace {

std::string formatted(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string milliseconds_text(Duration d) {
  const double ms = to_ms(d);
  if (ms >= 10'000) return formatted("%.1f s", ms / 1e3);
  if (ms >= 1'000) return formatted("%.2f s", ms / 1e3);
  return formatted(ms >= 100 ? "%.0f ms" : "%.1f ms", ms);
}

std::string percent_text(double share) {
  if (share == 0 || share == 1) return formatted("%.0f %%", share * 100);
  // Never rounded up to all, or down to nothing.
  return formatted("%.2f %%", share > 0 ? std::clamp(share * 100, 0.01, share < 1 ? 99.99 : share * 100) : share * 100);
}

std::string count_text(std::uint64_t n) {
  std::string text = std::to_string(n);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string counted(std::uint64_t n, const std::string& what) {
  return count_text(n) + " " + what + (n == 1 ? "" : "s");
}

std::string factor_text(double factor) { return formatted("%.2f \u00d7", factor); }

std::string short_count_text(double n) {
  if (n >= 1e9) return formatted("%.2f G", n / 1e9);
  if (n >= 1e6) return formatted("%.2f M", n / 1e6);
  if (n >= 1e3) return formatted("%.0f k", n / 1e3);
  return formatted("%.0f", n);
}

Duration from_seconds(double seconds) { return Duration(static_cast<std::int64_t>(seconds * 1e9)); }

}  // namespace spate::tools
