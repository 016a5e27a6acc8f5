#include "libcore/session/cookies.h"

#include <vector>

#include "libcore/base/reader.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/handshake.h"
#include "tests/catch.h"
#include "tests/unit/session/fixed_rng.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::session;
using std::chrono::seconds;
using tests::FixedRng;
using tests::session_vector;
using tests::to_array;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};
const Service kService = stream_service({{1, 2, 3}}, {4, 5, 6});
const Address kFrom = Address::v4(10, 0, 0, 1, 1000);

struct Asked {
  crypto::ChaChaRng rng{1};
  crypto::NodeKeyPair responder = crypto::generate_node_key_pair(rng);
  crypto::NodeKeyPair self = crypto::generate_node_key_pair(rng);
  crypto::SymmetricKey key = kService.cookie_key(responder.public_key);
  CookieIssuer issuer{rng};
  Initiation initiation{kService, self, responder.public_key, 0x01020304, rng};

  CookieReplyDatagram reply(Instant now = kStart) { return issuer.reply(initiation.datagram(), kFrom, key, now); }
  bool proven(const Address& from = kFrom, Instant now = kStart) {
    return issuer.proven(initiation.datagram(), from, now);
  }
};

}  // namespace

TEST_CASE("cookies: the reply, the cookie and mac2 match the independent implementation", "[session]") {
  const std::string group = GENERATE(as<std::string>{}, "public_stream", "private_stream");
  const auto field = [&](const char* name) { return session_vector(group, name); };
  const Service service = stream_service({to_array<32>(field("stream"))}, to_array<32>(field("psk")));
  const auto viewer = crypto::node_key_pair(to_array<32>(field("init_static")));
  const crypto::NodeKey relay{to_array<32>(field("resp_public"))};
  const crypto::SymmetricKey key = service.cookie_key(relay);
  const Address from{to_array<16>(field("cookie_address")), Reader(field("cookie_port")).u16()};
  const InitiationDatagram asked = to_array<256>(field("initiation"));
  const InitiationDatagram proven = to_array<256>(field("proven_initiation"));
  const CookieReplyDatagram reply = to_array<64>(field("cookie_reply"));

  // The relay draws its secret before the first nonce.
  std::vector<std::uint8_t> drawn = field("cookie_secret");
  const auto nonce = field("cookie_nonce");
  drawn.insert(drawn.end(), nonce.begin(), nonce.end());
  FixedRng relay_rng(drawn);
  CookieIssuer issuer(relay_rng);
  CHECK(issuer.reply(asked, from, key, kStart) == reply);
  CHECK_FALSE(issuer.proven(asked, from, kStart));
  CHECK(issuer.proven(proven, from, kStart));

  CHECK(open_cookie_reply(reply, asked, key) == to_array<16>(field("cookie")));
  FixedRng viewer_rng(field("init_ephemeral"));
  Initiation initiation(service, viewer, relay, Reader(field("init_index")).u32(), viewer_rng);
  REQUIRE(initiation.datagram() == asked);
  REQUIRE(initiation.read_cookie_reply(reply));
  CHECK(initiation.datagram() == proven);
}

TEST_CASE("cookies: what was told to an address proves it, that port and that host only", "[session]") {
  Asked asked;
  CHECK_FALSE(asked.proven());
  const auto reply = asked.reply();
  CHECK(reply.size() == 64);
  CHECK(parse_cookie_reply_receiver(reply) == 0x01020304u);
  CHECK_FALSE(asked.proven());  // telling is not proving
  REQUIRE(asked.initiation.read_cookie_reply(reply));
  CHECK(asked.proven());
  CHECK_FALSE(asked.proven(Address::v4(10, 0, 0, 1, 1001)));
  CHECK_FALSE(asked.proven(Address::v4(10, 0, 0, 2, 1000)));
  // mac2 alone has changed: the responder still takes it for the same initiation.
  const auto accepted =
      accept_initiation(asked.initiation.datagram(), kService, asked.responder, 7, asked.rng, crypto::sodium_suite());
  REQUIRE(accepted);
  CHECK(asked.initiation.read_response(accepted->response));
}

TEST_CASE("cookies: any bit changed in the reply, and it is refused with nothing changed", "[session]") {
  Asked asked;
  const auto reply = asked.reply();
  const InitiationDatagram before = asked.initiation.datagram();
  for (std::size_t bit = 0; bit < 8 * reply.size(); ++bit) {
    auto forged = reply;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(asked.initiation.read_cookie_reply(forged));
  }
  CHECK_FALSE(asked.initiation.read_cookie_reply(Bytes{reply}.first(63)));
  CHECK_FALSE(asked.initiation.read_cookie_reply({}));
  CHECK(asked.initiation.datagram() == before);
  CHECK(asked.initiation.read_cookie_reply(reply));
}

TEST_CASE("cookies: a reply to another initiation, or under another key, is refused", "[session]") {
  Asked asked;
  const Initiation other(kService, asked.self, asked.responder.public_key, 0x01020304, asked.rng);
  CHECK_FALSE(asked.initiation.read_cookie_reply(asked.issuer.reply(other.datagram(), kFrom, asked.key, kStart)));
  CHECK_FALSE(asked.initiation.read_cookie_reply(
      asked.issuer.reply(asked.initiation.datagram(), kFrom, kService.cookie_key(asked.self.public_key), kStart)));
  CHECK_FALSE(asked.initiation.read_cookie_reply(asked.issuer.reply(
      asked.initiation.datagram(), kFrom, stream_service({{1, 2, 3}}).cookie_key(asked.responder.public_key), kStart)));
}

TEST_CASE("cookies: good for 120 s at the least and 240 s at the most", "[session]") {
  Asked asked;
  asked.reply(kStart);  // draws the secret
  REQUIRE(asked.initiation.read_cookie_reply(asked.reply(kStart + seconds(100))));
  CHECK(asked.proven(kFrom, kStart + seconds(119)));
  CHECK(asked.proven(kFrom, kStart + seconds(121)));  // by the secret before
  CHECK(asked.proven(kFrom, kStart + seconds(239)));
  CHECK_FALSE(asked.proven(kFrom, kStart + seconds(242)));
}

TEST_CASE("cookies: a secret that nobody asked for in 240 s is not the one before", "[session]") {
  Asked asked;
  REQUIRE(asked.initiation.read_cookie_reply(asked.reply(kStart)));
  CHECK_FALSE(asked.proven(kFrom, kStart + seconds(241)));
}
