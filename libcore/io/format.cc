#include "libcore/io/format.h"

#include <array>
#include <cstdio>

namespace spate::io {
namespace {

template <typename... Args>
std::string print(const char* format, Args... args) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, args...);
  return text.data();
}

}  // namespace

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

}  // namespace spate::io
