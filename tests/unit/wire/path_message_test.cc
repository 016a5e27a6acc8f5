#include "libcore/wire/path_message.h"

#include <vector>

#include "tests/catch.h"

using namespace spate;
using namespace spate::wire;

TEST_CASE("path messages: what is formatted is parsed, and nothing else is one", "[wire]") {
  const PathMessage challenge{kPathChallenge, {1, 2, 3, 4, 5, 6, 7, 8}};
  const PathMessage response{kPathResponse, {8, 7, 6, 5, 4, 3, 2, 1}};
  CHECK(parse_path_message(format_path_message(challenge)) == challenge);
  CHECK(parse_path_message(format_path_message(response)) == response);
  CHECK(format_path_message(challenge) == ByteArray<9>{14, 1, 2, 3, 4, 5, 6, 7, 8});
  for (int type = 0; type < 256; ++type)
    for (std::size_t size = 0; size < 32; ++size) {
      const auto message = parse_path_message(std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(type)));
      const bool exact = type >= kPathDoubt && type <= kPathResponse && size == 9;
      CHECK(message.has_value() == (exact || (type == kPathProbe && size > 9)));
    }
}
