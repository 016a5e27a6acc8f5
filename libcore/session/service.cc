#include "libcore/session/service.h"

#include <algorithm>
#include <string_view>

#include "libcore/crypto/hash.h"

namespace spate::session {
namespace {

Bytes label(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

// The first 8 bytes of BLAKE2b-128("spate service 1" || stream || psk): BLAKE2b is not offered below 16 bytes. An
// onlooker learns which initiations are for one service, and nothing of the secret, which is 256 random bits.
ServiceTag tag_of(const crypto::StreamKey& stream, const crypto::SymmetricKey& psk) {
  const auto hash = crypto::blake2b<16>({label("spate service 1"), stream.bytes, psk});
  ServiceTag tag;
  std::copy_n(hash.begin(), tag.size(), tag.begin());
  return tag;
}

}  // namespace

crypto::SymmetricKey Service::mac1_key(const crypto::NodeKey& responder) const {
  return crypto::blake2b<32>({label("spate mac1 1"), responder.bytes, psk});
}

crypto::SymmetricKey Service::cookie_key(const crypto::NodeKey& responder) const {
  return crypto::blake2b<32>({label("spate cookie 1"), responder.bytes, psk});
}

Service stream_service(const crypto::StreamKey& stream, const crypto::SymmetricKey& psk) {
  return {stream, psk, tag_of(stream, psk)};
}

// The all-zero key is no stream's: it is not a public key that Ed25519 verification accepts.
Service probe_service() { return stream_service({}, {}); }

const crypto::NodeKeyPair& probe_node_key_pair() {
  static const crypto::NodeKeyPair pair = crypto::node_key_pair(crypto::blake2b<32>({label("spate probe node key 1")}));
  return pair;
}

}  // namespace spate::session
