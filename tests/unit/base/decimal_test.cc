#include "libcore/base/decimal.h"

#include "tests/catch.h"

namespace spate {

TEST_CASE("decimal numbers are read in the unit asked for") {
  CHECK(parse_decimal("0", 1) == 0);
  CHECK(parse_decimal("12", 1'000) == 12'000);
  CHECK(parse_decimal("1.28", 1'000) == 1'280);
  CHECK(parse_decimal(".25", 1'000) == 250);
  CHECK(parse_decimal("7.", 10) == 70);
  CHECK(parse_decimal("0007.5000", 10) == 75);
  CHECK(parse_decimal("3.0", 1) == 3);
}

TEST_CASE("what is finer than the unit is refused or cut off") {
  CHECK_FALSE(parse_decimal("1.2345", 1'000));
  CHECK_FALSE(parse_decimal("1.5", 1));
  CHECK(parse_decimal("1.2340", 1'000) == 1'234);
  CHECK(parse_decimal("1.2349", 1'000, Finer::kCutOff) == 1'234);
  CHECK(parse_decimal("1.9", 1, Finer::kCutOff) == 1);
}

TEST_CASE("what is no decimal number is refused") {
  for (const char* text : {"", ".", "-1", "+1", "1e3", "1.2.3", "1..2", " 1", "1 ", "0x1", "inf", "1,5", "1.2.",
                           "99999999999999999999999999", "18446744073709551619", "1844674407370956"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text, 1'000));
    CHECK_FALSE(parse_decimal(text, 1'000, Finer::kCutOff));
  }
}

TEST_CASE("what is more than a tenth of what fits is refused") {
  CHECK(parse_decimal("1844674407370955161", 1) == 1'844'674'407'370'955'161);
  for (const char* text : {"1844674407370955162", "18446744073709551615", "18446744073709551619"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal(text, 1));
  }
  CHECK(parse_decimal("1", 1'000'000'000'000'000'000) == 1'000'000'000'000'000'000);
  CHECK_FALSE(parse_decimal("2", 1'000'000'000'000'000'000));
}

TEST_CASE("what is printed reads back the same, without needless digits") {
  for (const std::uint64_t value : {0u, 1u, 10u, 999u, 1'000u, 1'001u, 1'280u, 123'456u})
    CHECK(parse_decimal(print_decimal(value, 1'000), 1'000) == value);
  CHECK(print_decimal(1'280, 1'000) == "1.28");
  CHECK(print_decimal(1'000'000, 1'000) == "1000");
  CHECK(print_decimal(10'005, 1'000) == "10.005");
}

}  // namespace spate
