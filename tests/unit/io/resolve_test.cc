#include "libcore/io/resolve.h"

#include <array>

#include "libcore/io/address_text.h"
#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace spate;

TEST_CASE("numeric addresses resolve to themselves, in order") {
  const std::array<io::NameToResolve, 2> names = {{{"192.0.2.1", 1}, {"::1", 2}}};
  const auto found = io::resolve(names, 0s, -1);
  REQUIRE(found.size() == 2);
  CHECK(io::format_address(found[0].address) == "192.0.2.1:1");
  CHECK(io::format_address(found[1].address) == "[::1]:2");
  CHECK(found[1].index == 1);
}

TEST_CASE("localhost resolves, and what does not exist is left out") {
  const std::array<io::NameToResolve, 2> names = {{{"no-such-host.invalid", 1}, {"localhost", 7400}}};
  const auto found = io::resolve(names, 5s, -1);
  REQUIRE_FALSE(found.empty());
  for (const io::ResolvedName& name : found) {
    CHECK(name.index == 1);
    CHECK(name.address.port == 7400);
  }
}
