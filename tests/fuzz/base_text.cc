// What people and files say as text: base64url, durations, rates and decimals. What is read is printed and read again.
#include "libcore/base/base64url.h"
#include "libcore/base/decimal.h"
#include "libcore/base/units.h"
#include "libcore/sim/print_units.h"
#include "tests/fuzz/target.h"

using namespace spate;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const std::string_view text = fuzz::as_text(bytes);
  if (const auto decoded = from_base64url(text)) SPATE_CHECK(to_base64url(*decoded) == text);
  const auto back = from_base64url(to_base64url(bytes));
  SPATE_CHECK(back && std::equal(back->begin(), back->end(), bytes.begin(), bytes.end()));
  if (const auto duration = parse_duration(text)) {
    SPATE_CHECK(*duration >= Duration::zero());
    // Files hold none above 10,000 h; in microseconds, more than 58 years are too much for parse_decimal().
    if (*duration <= std::chrono::hours(10'000))
      SPATE_CHECK(parse_duration(sim::print_duration(*duration)) == duration);
  }
  if (const auto rate = parse_bit_rate(text)) SPATE_CHECK(parse_bit_rate(sim::print_rate(*rate)) == rate);
  for (const std::uint64_t unit : {1u, 1'000u, 10'000u})
    if (const auto value = parse_decimal(text, unit))
      SPATE_CHECK(parse_decimal(print_decimal(*value, unit), unit) == value);
  return 0;
}
