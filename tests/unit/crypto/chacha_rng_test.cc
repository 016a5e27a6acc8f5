#include "libcore/crypto/chacha_rng.h"

#include <set>
#include <vector>

#include "tests/catch.h"

using namespace spate;
using namespace spate::crypto;

TEST_CASE("The generator is ChaCha20's key stream", "[crypto]") {
  ChaChaRng rng(SymmetricKey{});
  ByteArray<64> first;
  rng.fill(first);
  // RFC 8439, A.1, test vectors 1 and 2: the first two blocks under a zero key.
  CHECK(to_hex(first) ==
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
  rng.fill(first);
  CHECK(to_hex(first) ==
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST_CASE("How the generator is drawn from does not change its stream", "[crypto]") {
  ChaChaRng whole(5);
  std::vector<std::uint8_t> expected(5000);
  whole.fill(expected);
  ChaChaRng parts(5);
  std::vector<std::uint8_t> drawn(5000);
  for (std::size_t at = 0, n = 1; at < drawn.size(); at += n, n = n * 3 % 601 + 1) {
    n = std::min(n, drawn.size() - at);
    parts.fill(MutableBytes{drawn}.subspan(at, n));
  }
  CHECK(drawn == expected);
}

TEST_CASE("A refill never repeats a block", "[crypto]") {
  ChaChaRng rng(6);
  std::set<ByteArray<64>> blocks;
  for (int i = 0; i < 1000; ++i) {
    ByteArray<64> block;
    rng.fill(block);
    blocks.insert(block);
  }
  CHECK(blocks.size() == 1000);
}

TEST_CASE("A fork depends on the seed and the label only", "[crypto]") {
  ChaChaRng rng(9);
  const std::uint64_t before = rng.fork("pacing")->u64();
  rng.u64();
  CHECK(rng.fork("pacing")->u64() == before);
  CHECK(rng.fork("keys")->u64() != before);
  CHECK(ChaChaRng(10).fork("pacing")->u64() != before);
  CHECK(ChaChaRng(9).u64() != before);
}
