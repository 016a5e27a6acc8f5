#include "libcore/sim/print_units.h"

#include "libcore/base/units.h"
#include "tests/catch.h"

namespace spate::sim {

TEST_CASE("durations are printed as people write them, and read back as the same") {
  const auto both_ways = [](std::int64_t ns, const char* text) {
    CHECK(print_duration(Duration(ns)) == text);
    CHECK(parse_duration(text) == Duration(ns));
  };
  both_ways(90'000'000'000, "90s");
  both_ways(2'250'000'000, "2250ms");
  both_ways(8'847'869'874, "8.847869874s");
  both_ways(7'200'000, "7.2ms");
  both_ways(500'000, "500us");
  both_ways(1'500, "1.5us");
}

}  // namespace spate::sim
