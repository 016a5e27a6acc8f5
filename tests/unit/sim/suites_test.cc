#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/handshake.h"
#include "libcore/sim/fast_suite.h"
#include "libcore/sim/remembering_suite.h"
#include "tests/catch.h"

using namespace spate;

namespace {

const session::Service kService = session::stream_service({{1}}, {2});

// The keys of a handshake of two hosts with that suite, from one of two sides.
struct Pair {
  explicit Pair(const crypto::Suite& suite) {
    crypto::ChaChaRng rng(7);
    const auto viewer = crypto::generate_node_key_pair(rng);
    const auto relay = crypto::generate_node_key_pair(rng);
    session::Initiation initiation(kService, viewer, relay.public_key, 1, rng, suite);
    datagram = initiation.datagram();
    const auto accepted = session::accept_initiation(datagram, kService, relay, 2, rng, suite);
    REQUIRE(accepted);
    responder = accepted->keys;
    const auto result = initiation.read_response(accepted->response);
    REQUIRE(result);
    initiator = result->keys;
  }
  session::InitiationDatagram datagram;
  session::TransportKeys initiator, responder;
};

}  // namespace

TEST_CASE("suites: both sides of a handshake come to the same keys", "[sim]") {
  const sim::FastSuite fast;
  const sim::RememberingSuite remembering(fast);
  for (const crypto::Suite* const suite :
       {static_cast<const crypto::Suite*>(&fast), static_cast<const crypto::Suite*>(&remembering)}) {
    const Pair pair(*suite);
    CHECK(pair.initiator.send == pair.responder.receive);
    CHECK(pair.initiator.receive == pair.responder.send);
    CHECK(pair.initiator.send != pair.initiator.receive);
  }
}

TEST_CASE("suites: what is remembered is what would be computed", "[sim]") {
  const sim::RememberingSuite remembering(crypto::sodium_suite());
  const Pair real(crypto::sodium_suite());
  for (int twice = 0; twice < 2; ++twice) {
    const Pair pair(remembering);
    CHECK(pair.datagram == real.datagram);
    CHECK(pair.initiator.send == real.initiator.send);
    CHECK(pair.responder.send == real.responder.send);
  }
}

TEST_CASE("suites: no secret is shared with a key that is none", "[sim]") {
  crypto::ChaChaRng rng(8);
  const auto self = crypto::generate_node_key_pair(rng);
  ByteArray<32> shared{};
  const sim::FastSuite fast;
  const sim::RememberingSuite remembering(crypto::sodium_suite());
  CHECK_FALSE(fast.diffie_hellman(self, {}, shared));
  CHECK_FALSE(remembering.diffie_hellman(self, {}, shared));
  CHECK_FALSE(remembering.diffie_hellman(self, {}, shared));
}

TEST_CASE("suites: who claims a public key without its secret is not helped by what is remembered", "[sim]") {
  crypto::ChaChaRng rng(9);
  const auto a = crypto::generate_node_key_pair(rng);
  const auto b = crypto::generate_node_key_pair(rng);
  crypto::NodeKeyPair liar = crypto::generate_node_key_pair(rng);
  liar.public_key = a.public_key;
  const sim::RememberingSuite remembering(crypto::sodium_suite());
  ByteArray<32> shared{}, claimed{}, computed{};
  REQUIRE(remembering.diffie_hellman(a, b.public_key, shared));
  REQUIRE(remembering.diffie_hellman(liar, b.public_key, claimed));
  REQUIRE(crypto::sodium_suite().diffie_hellman(liar, b.public_key, computed));
  CHECK(claimed != shared);
  CHECK(claimed == computed);
}

TEST_CASE("suites: a fast one finds any bit that was changed", "[sim]") {
  const sim::FastSuite fast;
  const crypto::SymmetricKey key{1};
  const ByteArray<13> header{2};
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 200u}) {
    std::vector<std::uint8_t> text(size, 3), out(size);
    std::vector<std::uint8_t> sealed(size + crypto::kTagBytes);
    fast.seal(sealed, text, header, key, 5);
    REQUIRE(fast.open(out, sealed, header, key, 5));
    CHECK(out == text);
    CHECK_FALSE(fast.open(out, sealed, header, key, 6));
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
      sealed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      REQUIRE_FALSE(fast.open(out, sealed, header, key, 5));
      sealed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    const auto leaf = fast.leaf_hash(header, text, key);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      text[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      REQUIRE(fast.leaf_hash(header, text, key) != leaf);
      text[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
  }
}
