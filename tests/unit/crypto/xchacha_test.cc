#include "libcore/crypto/xchacha.h"

#include <algorithm>
#include <string_view>

#include "tests/catch.h"

using namespace spate;
using namespace spate::crypto;

TEST_CASE("xchacha: the AEAD vector of draft-irtf-cfrg-xchacha-03, A.3.1", "[crypto]") {
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  const Bytes text{reinterpret_cast<const std::uint8_t*>(kText.data()), kText.size()};
  constexpr ByteArray<12> kAssociated{0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
  SymmetricKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
  LongNonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(0x40 + i);

  ByteArray<kText.size() + kTagBytes> sealed;
  xchacha_seal(sealed, text, kAssociated, key, nonce);
  constexpr ByteArray<8> kBegins{0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b};
  constexpr ByteArray<16> kTag{0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79,
                               0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49};
  CHECK(std::equal(kBegins.begin(), kBegins.end(), sealed.begin()));
  CHECK(std::equal(kTag.begin(), kTag.end(), sealed.end() - kTagBytes));

  ByteArray<kText.size()> opened;
  REQUIRE(xchacha_open(opened, sealed, kAssociated, key, nonce));
  CHECK(std::equal(opened.begin(), opened.end(), text.begin()));
  for (const std::size_t bit : {std::size_t{0}, kText.size() * 8, sealed.size() * 8 - 1}) {
    auto forged = sealed;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(xchacha_open(opened, forged, kAssociated, key, nonce));
  }
  CHECK_FALSE(xchacha_open(opened, sealed, {}, key, nonce));
  CHECK_FALSE(xchacha_open({}, Bytes{sealed}.first(kTagBytes - 1), {}, key, nonce));
}
