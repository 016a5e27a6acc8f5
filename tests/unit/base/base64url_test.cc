#include "libcore/base/base64url.h"

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;

namespace {

std::string decoded(std::string_view text) {
  const auto bytes = from_base64url(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "refused";
}

}  // namespace

TEST_CASE("base64url: the vectors of RFC 4648, without their padding") {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64url(as_bytes(bytes)) == text);
    CHECK(decoded(text) == bytes);
  }
}

TEST_CASE("base64url: only the one text of some bytes is read back") {
  for (const char* text : {"Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "Zm+v", "Zm/v", "Zm9\xff"})
    CHECK(decoded(text) == "refused");
}

TEST_CASE("base64url: any bytes there and back") {
  crypto::ChaChaRng rng(1);
  for (std::size_t size = 0; size < 100; ++size) {
    std::vector<std::uint8_t> bytes(size);
    rng.fill(bytes);
    const auto back = from_base64url(to_base64url(bytes));
    REQUIRE(back);
    REQUIRE(*back == bytes);
  }
}
