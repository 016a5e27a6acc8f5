#include "libcore/session/handshake.h"

#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/crypto/hash.h"
#include "tests/catch.h"
#include "tests/unit/session/fixed_rng.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::session;
using tests::FixedRng;
using tests::session_vector;
using tests::to_array;

namespace {

constexpr std::size_t kMacsBytes = 32;

struct Pair {
  crypto::ChaChaRng rng{11};
  crypto::NodeKeyPair viewer = crypto::generate_node_key_pair(rng);
  crypto::NodeKeyPair relay = crypto::generate_node_key_pair(rng);
  Service service = stream_service({{1, 2, 3}}, {4, 5, 6});
  Initiation initiation{service, viewer, relay.public_key, 0x11111111, rng};

  std::optional<Acceptance> accept(Bytes datagram) {
    return accept_initiation(datagram, service, relay, 0x22222222, rng);
  }
};

// As one who knows the receiver's public key and the psk could.
template <std::size_t N>
void rewrite_mac1(ByteArray<N>& datagram, const crypto::SymmetricKey& key) {
  const auto mac1 = crypto::blake2b<16>({Bytes{datagram}.first(N - kMacsBytes)}, key);
  std::copy(mac1.begin(), mac1.end(), datagram.end() - kMacsBytes);
}

std::uint32_t index_of(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t index = 0;
  for (const std::uint8_t b : bytes) index = index << 8 | b;
  return index;
}

}  // namespace

TEST_CASE("Both datagrams and the keys match the independent implementation", "[session]") {
  const std::string group = GENERATE(as<std::string>{}, "public_stream", "private_stream");
  const auto field = [&](const char* name) { return session_vector(group, name); };
  const Service service = stream_service({to_array<32>(field("stream"))}, to_array<32>(field("psk")));
  const auto viewer = crypto::node_key_pair(to_array<32>(field("init_static")));
  const auto relay = crypto::node_key_pair(to_array<32>(field("resp_static")));
  FixedRng viewer_rng(field("init_ephemeral"));
  FixedRng relay_rng(field("resp_ephemeral"));

  Initiation initiation(service, viewer, relay.public_key, index_of(field("init_index")), viewer_rng);
  CHECK(initiation.datagram() == to_array<256>(field("initiation")));
  REQUIRE(initiation_mac1_valid(initiation.datagram(), service.mac1_key(relay.public_key)));
  const auto acceptance =
      accept_initiation(initiation.datagram(), service, relay, index_of(field("resp_index")), relay_rng);
  REQUIRE(acceptance);
  CHECK(acceptance->response == to_array<92>(field("response")));
  CHECK(acceptance->keys.receive == to_array<32>(field("key_from_initiator")));
  CHECK(acceptance->keys.send == to_array<32>(field("key_from_responder")));
  const auto result = initiation.read_response(acceptance->response);
  REQUIRE(result);
  CHECK(result->keys.send == to_array<32>(field("key_from_initiator")));
  CHECK(result->keys.receive == to_array<32>(field("key_from_responder")));
}

TEST_CASE("A handshake tells each side the other's index and the relay who the viewer is", "[session]") {
  Pair pair;
  REQUIRE(pair.initiation.usable());
  const auto header = parse_initiation(pair.initiation.datagram());
  REQUIRE(header);
  CHECK(header->sender_index == 0x11111111);
  CHECK(header->tag == pair.service.tag);
  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  CHECK(acceptance->peer == pair.viewer.public_key);
  CHECK(acceptance->peer_index == 0x11111111);
  CHECK(parse_response_receiver(acceptance->response) == std::uint32_t{0x11111111});
  const auto result = pair.initiation.read_response(acceptance->response);
  REQUIRE(result);
  CHECK(result->peer_index == 0x22222222);
  CHECK(result->keys.send == acceptance->keys.receive);
  CHECK(result->keys.receive == acceptance->keys.send);
}

TEST_CASE("No answer is longer than its question", "[session]") {
  STATIC_REQUIRE(kResponseBytes <= kInitiationBytes);
  Pair pair;
  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  CHECK(acceptance->response.size() <= pair.initiation.datagram().size());
}

TEST_CASE("An initiation with any byte changed fails its mac1", "[session]") {
  Pair pair;
  const auto key = pair.service.mac1_key(pair.relay.public_key);
  InitiationDatagram datagram = pair.initiation.datagram();
  for (std::size_t i = 0; i < kInitiationBytes - 16; ++i) {  // all but mac2, which mac1 does not cover
    datagram[i] ^= 0x04;
    REQUIRE_FALSE(initiation_mac1_valid(datagram, key));
    datagram[i] ^= 0x04;
  }
  CHECK(initiation_mac1_valid(datagram, key));
  CHECK_FALSE(initiation_mac1_valid(Bytes{datagram}.first(kInitiationBytes - 1), key));
  CHECK_FALSE(initiation_mac1_valid({}, key));
}

TEST_CASE("P1: an initiation changed by one who can compute mac1 is refused too", "[session]") {
  Pair pair;
  const auto key = pair.service.mac1_key(pair.relay.public_key);
  const auto changed_is_accepted = [&](std::size_t i) {
    InitiationDatagram datagram = pair.initiation.datagram();
    datagram[i] ^= 0x04;
    rewrite_mac1(datagram, key);
    REQUIRE(initiation_mac1_valid(datagram, key));
    return pair.accept(datagram).has_value();
  };
  for (std::size_t i = 0; i < 4; ++i) CHECK_FALSE(changed_is_accepted(i));          // type to reserved
  for (std::size_t i = 8; i < 16 + 96; ++i) REQUIRE_FALSE(changed_is_accepted(i));  // tag and Noise message
  CHECK(pair.accept(pair.initiation.datagram()).has_value());
}

TEST_CASE("P1: a response with any byte changed is refused and the true one still taken", "[session]") {
  Pair pair;
  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  ResponseDatagram datagram = acceptance->response;
  for (std::size_t i = 0; i < kResponseBytes - 16; ++i) {
    datagram[i] ^= 0x04;
    REQUIRE_FALSE(pair.initiation.read_response(datagram));
    datagram[i] ^= 0x04;
  }
  const auto key = pair.service.mac1_key(pair.viewer.public_key);
  for (std::size_t i = 0; i < kResponseBytes - kMacsBytes; ++i) {
    if (i >= 4 && i < 8) continue;  // the sender's index: not bound, see handshake.h
    datagram = acceptance->response;
    datagram[i] ^= 0x04;
    rewrite_mac1(datagram, key);
    REQUIRE_FALSE(pair.initiation.read_response(datagram));
  }
  for (std::size_t n = 0; n < kResponseBytes; ++n)
    REQUIRE_FALSE(pair.initiation.read_response(Bytes{acceptance->response}.first(n)));
  CHECK(pair.initiation.read_response(acceptance->response));
}

TEST_CASE("A response is taken once", "[session]") {
  Pair pair;
  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  CHECK(pair.initiation.read_response(acceptance->response));
  CHECK_FALSE(pair.initiation.read_response(acceptance->response));
}

TEST_CASE("A response to another initiation is refused", "[session]") {
  Pair pair;
  Initiation other(pair.service, pair.viewer, pair.relay.public_key, 0x11111111, pair.rng);
  CHECK(other.datagram() != pair.initiation.datagram());
  const auto acceptance = pair.accept(other.datagram());
  REQUIRE(acceptance);
  CHECK_FALSE(pair.initiation.read_response(acceptance->response));
  CHECK(other.read_response(acceptance->response));
}

TEST_CASE("A relay refuses what is meant for another service, secret or relay", "[session]") {
  Pair pair;
  const InitiationDatagram& datagram = pair.initiation.datagram();
  SECTION("service") {
    const Service other = stream_service({{9}}, pair.service.psk);
    CHECK_FALSE(accept_initiation(datagram, other, pair.relay, 1, pair.rng));
    CHECK(initiation_mac1_valid(datagram, other.mac1_key(pair.relay.public_key)));  // one psk: the tag tells
    Service same_tag = other;
    same_tag.tag = pair.service.tag;
    CHECK_FALSE(accept_initiation(datagram, same_tag, pair.relay, 1, pair.rng));  // and so does the prologue
  }
  SECTION("secret") {
    const Service other = stream_service(pair.service.stream, {7});
    CHECK_FALSE(initiation_mac1_valid(datagram, other.mac1_key(pair.relay.public_key)));
    CHECK_FALSE(accept_initiation(datagram, other, pair.relay, 1, pair.rng));
  }
  SECTION("relay") {
    const auto other = crypto::generate_node_key_pair(pair.rng);
    CHECK_FALSE(initiation_mac1_valid(datagram, pair.service.mac1_key(other.public_key)));
    CHECK_FALSE(accept_initiation(datagram, pair.service, other, 1, pair.rng));
  }
}

TEST_CASE("A relay without the secret cannot answer for one that has it", "[session]") {
  Pair pair;
  Service wrong = pair.service;
  wrong.psk = {7};
  const auto acceptance = accept_initiation(pair.initiation.datagram(), wrong, pair.relay, 1, pair.rng);
  REQUIRE(acceptance);  // psk2 is mixed into the second message
  ResponseDatagram response = acceptance->response;
  rewrite_mac1(response, pair.service.mac1_key(pair.viewer.public_key));
  CHECK_FALSE(pair.initiation.read_response(response));
}

TEST_CASE("P16: a low-order key cannot be dialled", "[session]") {
  Pair pair;
  const crypto::NodeKey key = GENERATE(crypto::NodeKey{}, crypto::NodeKey{{1}});
  Initiation initiation(pair.service, pair.viewer, key, 5, pair.rng);
  CHECK_FALSE(initiation.usable());
  CHECK(initiation.datagram() == InitiationDatagram{});
  CHECK_FALSE(parse_initiation(initiation.datagram()));
  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  CHECK_FALSE(initiation.read_response(acceptance->response));
}

TEST_CASE("P16: a low-order ephemeral key is refused in both directions", "[session]") {
  Pair pair;
  const std::uint8_t first_byte = GENERATE(std::uint8_t{0}, std::uint8_t{1});
  InitiationDatagram datagram = pair.initiation.datagram();
  std::fill_n(datagram.begin() + 16, 32, std::uint8_t{0});
  datagram[16] = first_byte;
  rewrite_mac1(datagram, pair.service.mac1_key(pair.relay.public_key));
  CHECK_FALSE(pair.accept(datagram));

  const auto acceptance = pair.accept(pair.initiation.datagram());
  REQUIRE(acceptance);
  ResponseDatagram response = acceptance->response;
  std::fill_n(response.begin() + 12, 32, std::uint8_t{0});
  response[12] = first_byte;
  rewrite_mac1(response, pair.service.mac1_key(pair.viewer.public_key));
  CHECK_FALSE(pair.initiation.read_response(response));
  CHECK(pair.initiation.read_response(acceptance->response));
}

TEST_CASE("Other sizes, types and versions are nobody's", "[session]") {
  Pair pair;
  for (std::size_t n = 0; n < kInitiationBytes; ++n)
    REQUIRE_FALSE(parse_initiation(Bytes{pair.initiation.datagram()}.first(n)));
  std::vector<std::uint8_t> longer(kInitiationBytes + 1, 0);
  longer[0] = kInitiationType;
  longer[1] = kProtocolVersion;
  CHECK_FALSE(parse_initiation(longer));
  InitiationDatagram datagram = pair.initiation.datagram();
  datagram[0] = kResponseType;
  CHECK_FALSE(parse_initiation(datagram));
  CHECK_FALSE(parse_response_receiver(datagram));
  datagram[0] = kInitiationType;
  datagram[1] = kProtocolVersion + 1;
  CHECK_FALSE(parse_initiation(datagram));
  CHECK_FALSE(parse_response_receiver({}));
}

TEST_CASE("The probe's key is public: anyone can handshake with a host by its address alone", "[session]") {
  crypto::ChaChaRng rng(1);
  const auto prober = crypto::generate_node_key_pair(rng);
  Initiation initiation(probe_service(), prober, probe_node_key_pair().public_key, 1, rng);
  const auto acceptance = accept_initiation(initiation.datagram(), probe_service(), probe_node_key_pair(), 2, rng);
  REQUIRE(acceptance);
  CHECK(initiation.read_response(acceptance->response));
}
