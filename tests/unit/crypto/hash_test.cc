#include "libcore/crypto/hash.h"

#include <string>

#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::crypto;
using tests::session_vector;
using tests::to_array;

TEST_CASE("BLAKE2b gives RFC 7693's digest", "[crypto]") {
  const std::string text = "abc";
  CHECK(to_hex(blake2b<64>({as_bytes(text)})) ==
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST_CASE("BLAKE2b of parts is BLAKE2b of the whole", "[crypto]") {
  const std::string whole(300, 'x');
  const Bytes bytes = as_bytes(whole);
  const ByteArray<32> key{1, 2, 3};
  const auto expected = blake2b<32>({bytes}, key);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
    REQUIRE(blake2b<32>({bytes.first(cut), {}, bytes.subspan(cut)}, key) == expected);
  CHECK(blake2b<32>({bytes}) != expected);
}

TEST_CASE("A shorter BLAKE2b is not the start of a longer one", "[crypto]") {
  const std::string text = "abc";
  const auto short_hash = blake2b<16>({as_bytes(text)});
  const auto long_hash = blake2b<64>({as_bytes(text)});
  CHECK_FALSE(std::equal(short_hash.begin(), short_hash.end(), long_hash.begin()));
}

TEST_CASE("Derived keys match the independent implementation", "[crypto]") {
  const auto secret = to_array<32>(session_vector("derive_key", "secret"));
  const auto label = session_vector("derive_key", "label");
  const auto context = session_vector("derive_key", "context");
  const std::string label_text(label.begin(), label.end());
  CHECK(derive_key(secret, label_text, context) == to_array<32>(session_vector("derive_key", "key")));
}

TEST_CASE("The label of a derived key does not run into its context", "[crypto]") {
  const SymmetricKey secret{9};
  const std::string context = "bc";
  const std::string longer = "c";
  CHECK(derive_key(secret, "a", as_bytes(context)) != derive_key(secret, "ab", as_bytes(longer)));
  CHECK(derive_key(secret, "a") != derive_key(secret, "b"));
  CHECK(derive_key(secret, "a") != derive_key(SymmetricKey{8}, "a"));
}
