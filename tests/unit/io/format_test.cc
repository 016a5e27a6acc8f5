#include "libcore/io/format.h"

#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;
using namespace spate::io;

TEST_CASE("figures for people") {
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(12'340'000) == "12.3 MB");
  CHECK(format_bit_rate(4.1e6) == "4.1 Mbit/s");
  CHECK(format_duration(Duration(4200us)) == "4.2 ms");
  CHECK(format_duration(Duration(340ms)) == "340 ms");
  CHECK(format_duration(Duration(125s)) == "2m05s");
  CHECK(format_duration(Duration(3h + 7min)) == "3h07m");
}
