#include "libcore/session/service.h"

#include "tests/catch.h"
#include "tests/vectors/vectors.h"

using namespace spate;
using namespace spate::session;
using tests::session_vector;
using tests::to_array;

TEST_CASE("A service's tag, mac1 key and cookie key match the independent implementation", "[session]") {
  const std::string group = GENERATE(as<std::string>{}, "public_stream", "private_stream");
  const crypto::StreamKey stream{to_array<32>(session_vector(group, "stream"))};
  const auto psk = to_array<32>(session_vector(group, "psk"));
  const crypto::NodeKey responder{to_array<32>(session_vector(group, "resp_public"))};
  const Service service = stream_service(stream, psk);
  CHECK(service.stream == stream);
  CHECK(service.psk == psk);
  CHECK(service.tag == to_array<8>(session_vector(group, "tag")));
  CHECK(service.mac1_key(responder) == to_array<32>(session_vector(group, "resp_mac1_key")));
  CHECK(service.cookie_key(responder) == to_array<32>(session_vector(group, "cookie_key")));
}

TEST_CASE("The probe service and its key pair match the independent implementation", "[session]") {
  const Service service = probe_service();
  CHECK(service.tag == to_array<8>(session_vector("probe", "tag")));
  const crypto::NodeKeyPair& pair = probe_node_key_pair();
  CHECK(pair.secret == to_array<32>(session_vector("probe", "node_secret")));
  CHECK(pair.public_key.bytes == to_array<32>(session_vector("probe", "node_public")));
  CHECK(service.mac1_key(pair.public_key) == to_array<32>(session_vector("probe", "mac1_key")));
}

TEST_CASE("Stream, secret and responder each tell services apart", "[session]") {
  const Service service = stream_service({{1}}, {2});
  CHECK(stream_service({{3}}, {2}).tag != service.tag);
  CHECK(stream_service({{1}}, {4}).tag != service.tag);
  CHECK(stream_service({{1}}).tag != service.tag);
  CHECK(probe_service().tag != service.tag);

  // Who does not know the secret cannot make a private swarm's host answer, though he knows its key.
  CHECK(stream_service({{1}}).mac1_key({{5}}) != service.mac1_key({{5}}));
  CHECK(service.mac1_key({{6}}) != service.mac1_key({{5}}));
}
