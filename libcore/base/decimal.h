// Plain decimal numbers as text, both ways and exactly: "12", "0.25". No signs, no exponents, no floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spate {

// What becomes of digits that are worth less than one unit.
enum class Finer : std::uint8_t { kRefused, kCutOff };

// A number in parts of `unit` each: "1.28" in thousandths is 1,280. Digits, with at most one point before, among or
// after them. Nothing if it is something else, or more than a tenth of what fits. REQUIRES a power of ten.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t unit, Finer finer = Finer::kRefused);

// Reads back as the same.
std::string print_decimal(std::uint64_t value, std::uint64_t unit);

}  // namespace spate
