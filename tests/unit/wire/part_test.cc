#include "libcore/wire/part.h"

#include <algorithm>
#include <vector>

#include "tests/catch.h"

using namespace spate;
using namespace spate::wire;

TEST_CASE("parts: what is written is parsed, and nothing else is one", "[wire]") {
  const std::vector<std::uint8_t> bytes = {7, 8, 9};
  std::vector<std::uint8_t> text(kPartHeaderBytes + bytes.size());
  write_part(text, {true, 0x0102, bytes});
  CHECK(text == std::vector<std::uint8_t>{10, 1, 1, 2, 7, 8, 9});
  const auto part = parse_part(text);
  REQUIRE(part);
  CHECK(part->second);
  CHECK(part->number == 0x0102);
  CHECK(std::ranges::equal(part->bytes, bytes));
  text[1] = 0;
  CHECK_FALSE(parse_part(text)->second);
  text[1] = 2;
  CHECK_FALSE(parse_part(text));
  text[1] = 0;
  for (int type = 0; type < 256; ++type) {
    text[0] = static_cast<std::uint8_t>(type);
    CHECK(parse_part(text).has_value() == (type == kPart));
  }
  text[0] = kPart;
  for (std::size_t size = 0; size <= kPartHeaderBytes; ++size) CHECK_FALSE(parse_part(Bytes{text}.first(size)));
}
