#include "libcore/base/units.h"

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

TEST_CASE("bit rates take decimal multipliers") {
  CHECK(parse_bit_rate("5M") == 5'000'000U);
  CHECK(parse_bit_rate("2.5M") == 2'500'000U);
  CHECK(parse_bit_rate("800k") == 800'000U);
  CHECK(parse_bit_rate("1G") == 1'000'000'000U);
  CHECK(parse_bit_rate("64000") == 64'000U);
  CHECK(parse_bit_rate("0") == 0U);
  for (const char* bad : {"", "M", "-5M", "5MB", "5 M", "5m", "99999999999G"}) {
    INFO(bad);
    CHECK_FALSE(parse_bit_rate(bad));
  }
}
