// What the handshake computes is checked against published and independent vectors by noise-vectors; here is what
// it does when something is wrong.
#include "libcore/session/noise.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using crypto::NodeKey;

namespace {

using First = ByteArray<NoiseHandshake::kFirstOverhead>;
using Second = ByteArray<NoiseHandshake::kSecondOverhead>;
const ByteArray<3> kPrologue{'p', 'r', 'o'};

struct Configs {
  explicit Configs(NoisePattern pattern) {
    crypto::ChaChaRng rng(3);
    responder.pattern = initiator.pattern = pattern;
    initiator.initiator = true;
    responder.prologue = initiator.prologue = kPrologue;
    for (NoiseHandshake::Config* config : {&initiator, &responder}) {
      config->static_keys = crypto::generate_node_key_pair(rng);
      config->ephemeral_keys = crypto::generate_node_key_pair(rng);
      config->psk = {42};
    }
    initiator.remote_static = responder.static_keys.public_key;
  }
  NoiseHandshake::Config initiator;
  NoiseHandshake::Config responder;
};

NoisePattern any_pattern() { return GENERATE(NoisePattern::kIK, NoisePattern::kIKpsk2); }

// Both messages, honestly delivered. Whether each was accepted.
bool complete(NoiseHandshake& initiator, NoiseHandshake& responder) {
  First first;
  Second second;
  return initiator.write_message({}, first) && responder.read_message(first, {}) &&
         responder.write_message({}, second) && initiator.read_message(second, {});
}

}  // namespace

TEST_CASE("Both sides end with the same keys, crossed, and know each other", "[session]") {
  const Configs configs(any_pattern());
  NoiseHandshake initiator(configs.initiator);
  NoiseHandshake responder(configs.responder);
  REQUIRE(complete(initiator, responder));
  CHECK(initiator.finished());
  CHECK(responder.finished());
  CHECK(initiator.handshake_hash() == responder.handshake_hash());
  CHECK(responder.remote_static() == configs.initiator.static_keys.public_key);
  const TransportKeys of_initiator = initiator.split();
  const TransportKeys of_responder = responder.split();
  CHECK(of_initiator.send == of_responder.receive);
  CHECK(of_initiator.receive == of_responder.send);
  CHECK(of_initiator.send != of_initiator.receive);
}

TEST_CASE("P1: a first message with any bit changed is refused and the true one still read", "[session]") {
  const Configs configs(any_pattern());
  NoiseHandshake initiator(configs.initiator);
  NoiseHandshake responder(configs.responder);
  const std::vector<std::uint8_t> payload{1, 2, 3};
  std::vector<std::uint8_t> message(payload.size() + NoiseHandshake::kFirstOverhead);
  std::vector<std::uint8_t> read(payload.size());
  REQUIRE(initiator.write_message(payload, message));
  const ByteArray<64> hash = responder.handshake_hash();
  for (std::uint8_t& byte : message) {
    byte ^= 0x10;
    REQUIRE_FALSE(responder.read_message(message, read));
    REQUIRE(responder.handshake_hash() == hash);
    REQUIRE(responder.remote_static() == NodeKey{});
    byte ^= 0x10;
  }
  REQUIRE(responder.read_message(message, read));
  CHECK(read == payload);
}

TEST_CASE("P1: a second message with any bit changed is refused and the true one still read", "[session]") {
  const Configs configs(any_pattern());
  NoiseHandshake initiator(configs.initiator);
  NoiseHandshake responder(configs.responder);
  First first;
  Second second;
  REQUIRE(initiator.write_message({}, first));
  REQUIRE(responder.read_message(first, {}));
  REQUIRE(responder.write_message({}, second));
  for (std::uint8_t& byte : second) {
    byte ^= 0x10;
    REQUIRE_FALSE(initiator.read_message(second, {}));
    REQUIRE_FALSE(initiator.finished());
    byte ^= 0x10;
  }
  REQUIRE(initiator.read_message(second, {}));
  CHECK(initiator.split().send == responder.split().receive);
}

TEST_CASE("A message that is too short is refused", "[session]") {
  const Configs configs(any_pattern());
  NoiseHandshake initiator(configs.initiator);
  NoiseHandshake responder(configs.responder);
  First first;
  REQUIRE(initiator.write_message({}, first));
  for (std::size_t n = 0; n < first.size(); ++n) REQUIRE_FALSE(responder.read_message(Bytes{first}.first(n), {}));
  CHECK(responder.read_message(first, {}));
}

TEST_CASE("The sides must agree on prologue, responder, pattern and secret", "[session]") {
  const Configs configs(NoisePattern::kIKpsk2);
  SECTION("prologue") {
    const ByteArray<3> other{'p', 'r', 'x'};
    NoiseHandshake::Config config = configs.responder;
    config.prologue = other;
    NoiseHandshake initiator(configs.initiator);
    NoiseHandshake responder(config);
    CHECK_FALSE(complete(initiator, responder));
  }
  SECTION("responder") {
    NoiseHandshake::Config config = configs.responder;
    config.static_keys = crypto::node_key_pair({99});
    NoiseHandshake initiator(configs.initiator);
    NoiseHandshake responder(config);
    CHECK_FALSE(complete(initiator, responder));
  }
  SECTION("pattern") {
    NoiseHandshake::Config config = configs.responder;
    config.pattern = NoisePattern::kIK;
    NoiseHandshake initiator(configs.initiator);
    NoiseHandshake responder(config);
    CHECK_FALSE(complete(initiator, responder));
  }
  SECTION("secret, which psk2 mixes in last: the second message is refused") {
    NoiseHandshake::Config config = configs.responder;
    config.psk = {43};
    NoiseHandshake initiator(configs.initiator);
    NoiseHandshake responder(config);
    CHECK_FALSE(complete(initiator, responder));
    CHECK(responder.finished());
    CHECK_FALSE(initiator.finished());
  }
}

TEST_CASE("P16: low-order points end the handshake on either side", "[session]") {
  const Configs configs(any_pattern());
  const NodeKey low_order = GENERATE(NodeKey{}, NodeKey{{1}});
  SECTION("as the responder's static key") {
    NoiseHandshake::Config config = configs.initiator;
    config.remote_static = low_order;
    NoiseHandshake initiator(config);
    First first;
    CHECK_FALSE(initiator.write_message({}, first));
    CHECK_FALSE(initiator.finished());
  }
  SECTION("as the initiator's ephemeral key") {
    NoiseHandshake responder(configs.responder);
    First first{};
    std::copy(low_order.bytes.begin(), low_order.bytes.end(), first.begin());
    CHECK_FALSE(responder.read_message(first, {}));
  }
  SECTION("as the initiator's static key, truly sealed") {
    NoiseHandshake::Config config = configs.initiator;
    config.static_keys.public_key = low_order;
    NoiseHandshake initiator(config);
    NoiseHandshake responder(configs.responder);
    First first;
    REQUIRE(initiator.write_message({}, first));
    CHECK_FALSE(responder.read_message(first, {}));
    CHECK(responder.remote_static() == NodeKey{});
  }
  SECTION("as the responder's ephemeral key") {
    NoiseHandshake initiator(configs.initiator);
    First first;
    REQUIRE(initiator.write_message({}, first));
    Second second{};
    std::copy(low_order.bytes.begin(), low_order.bytes.end(), second.begin());
    CHECK_FALSE(initiator.read_message(second, {}));
  }
}
