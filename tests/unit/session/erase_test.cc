// Keys are overwritten when they are no longer needed: in the memory that an object leaves behind, none is found.
#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "libcore/crypto/chacha_rng.h"
#include "libcore/session/cookies.h"
#include "libcore/session/handshake.h"
#include "libcore/session/key_set.h"
#include "libcore/session/noise.h"
#include "tests/catch.h"

using namespace spate;
using namespace spate::session;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

// Memory for one T, and whether a secret is in it. It is read byte by byte as volatile: what an object's end left
// there.
template <typename T>
class Room {
 public:
  template <typename... Args>
  T& make(Args&&... args) {
    return *new (bytes_.data()) T(std::forward<Args>(args)...);
  }
  bool holds(Bytes secret) const {
    const volatile std::uint8_t* const begin = bytes_.data();
    std::vector<std::uint8_t> seen;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const std::uint8_t byte = begin[i];
      seen.push_back(byte);
    }
    return std::search(seen.begin(), seen.end(), secret.begin(), secret.end()) != seen.end();
  }

 private:
  alignas(T) ByteArray<sizeof(T)> bytes_{};
};

TransportKeys some_keys() {
  TransportKeys keys;
  crypto::ChaChaRng rng(5);
  rng.fill(keys.send);
  rng.fill(keys.receive);
  return keys;
}

}  // namespace

TEST_CASE("erase: a session's keys", "[session]") {
  const TransportKeys keys = some_keys();
  Room<KeySet> room;
  KeySet& set = room.make(keys, 1u, 2u, true, kStart);
  CHECK(room.holds(keys.send));
  CHECK(room.holds(keys.receive));
  std::destroy_at(&set);
  CHECK_FALSE(room.holds(keys.send));
  CHECK_FALSE(room.holds(keys.receive));
}

TEST_CASE("erase: each copy of the keys that a handshake ends in", "[session]") {
  const TransportKeys keys = some_keys();
  Room<Acceptance> room;
  Acceptance& acceptance = room.make(Acceptance{{}, 1, keys, {}});
  CHECK(room.holds(keys.send));
  std::destroy_at(&acceptance);
  CHECK_FALSE(room.holds(keys.send));
  CHECK_FALSE(room.holds(keys.receive));
}

TEST_CASE("erase: a handshake's secrets, the node's own and the stream's among them", "[session]") {
  crypto::ChaChaRng rng(6);
  const auto self = crypto::generate_node_key_pair(rng);
  const auto peer = crypto::generate_node_key_pair(rng);
  const Service service = stream_service({{1, 2, 3}}, self.secret);
  const auto mac_key = service.mac1_key(self.public_key);
  const auto cookie_key = service.cookie_key(peer.public_key);
  Room<Initiation> room;
  Initiation& initiation = room.make(service, self, peer.public_key, 7u, rng);
  for (const Bytes secret : {Bytes{self.secret}, Bytes{mac_key}, Bytes{cookie_key}}) CHECK(room.holds(secret));
  std::destroy_at(&initiation);
  for (const Bytes secret : {Bytes{self.secret}, Bytes{mac_key}, Bytes{cookie_key}}) CHECK_FALSE(room.holds(secret));
}

TEST_CASE("erase: the secret that cookies are made of", "[session]") {
  crypto::ChaChaRng rng(6);
  const auto self = crypto::generate_node_key_pair(rng);
  const Initiation initiation(stream_service({{1}}), self, crypto::generate_node_key_pair(rng).public_key, 7, rng);
  const std::unique_ptr<Rng> drawn = rng.fork("cookies");
  const std::unique_ptr<Rng> again = rng.fork("cookies");
  crypto::SymmetricKey secret;
  again->fill(secret);
  Room<CookieIssuer> room;
  CookieIssuer& issuer = room.make(*drawn);
  issuer.proven(initiation.datagram(), {}, kStart);
  CHECK(room.holds(secret));
  std::destroy_at(&issuer);
  CHECK_FALSE(room.holds(secret));
}
