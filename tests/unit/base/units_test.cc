#include "libcore/base/units.h"

#include <string>

#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;

TEST_CASE("durations need a unit, except zero") {
  CHECK(parse_duration("500ms") == Duration(500ms));
  CHECK(parse_duration("1.5s") == Duration(1500ms));
  CHECK(parse_duration("10m") == Duration(10min));
  CHECK(parse_duration("2h") == Duration(2h));
  CHECK(parse_duration("250us") == Duration(250us));
  CHECK(parse_duration("0") == Duration::zero());
  CHECK(parse_duration("0s") == Duration::zero());
  for (const char* bad : {"", "5", "ms", "-1s", "5 s", "5sec", "1e3s", "nan", "infs", "9999999999h", "+1s", "0x1s"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("durations are read exactly") {
  CHECK(parse_duration("8384.354us") == Duration(8'384'354));
  CHECK(parse_duration("0.001us") == Duration(1));
  CHECK(parse_duration("0.0019us") == Duration(1));
  CHECK(parse_duration("1.001ms") == Duration(1'001'000));
  CHECK(parse_duration("123456789.123456789s") == Duration(123'456'789'123'456'789));
  CHECK(parse_duration("1.1m") == Duration(66s));
  CHECK(parse_duration("0.1h") == Duration(6min));
  CHECK(parse_duration(".5s") == Duration(500ms));
  CHECK(parse_duration("2500000h") == Duration(2'500'000h));
  CHECK_FALSE(parse_duration("2600000h"));
  for (std::int64_t ns = 1; ns < 10'000'000; ns += 997) {
    const std::string digits = std::to_string(ns % 1'000);
    const std::string text = std::to_string(ns / 1'000) + "." + std::string(3 - digits.size(), '0') + digits + "us";
    if (parse_duration(text) != Duration(ns)) FAIL(text);
  }
}

TEST_CASE("bit rates take decimal multipliers") {
  CHECK(parse_bit_rate("5M") == 5'000'000U);
  CHECK(parse_bit_rate("2.5M") == 2'500'000U);
  CHECK(parse_bit_rate("800k") == 800'000U);
  CHECK(parse_bit_rate("1G") == 1'000'000'000U);
  CHECK(parse_bit_rate("64000") == 64'000U);
  CHECK(parse_bit_rate("0") == 0U);
  CHECK(parse_bit_rate("1.001M") == 1'001'000U);
  CHECK(parse_bit_rate("8.384354G") == 8'384'354'000U);
  for (const char* bad : {"", "M", "-5M", "5MB", "5 M", "5m", "99999999999G"}) {
    INFO(bad);
    CHECK_FALSE(parse_bit_rate(bad));
  }
}
