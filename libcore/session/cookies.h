// Cookies: proof of an initiator's address, demanded while handshakes are many (as in WireGuard's protocol).
//
// A cookie is a hash of the address under a secret of the responder's, who keeps nothing of the asker. The reply hides
// it under a key that whoever knows the responder's node key (and the psk) can compute, bound to the mac1 of the
// initiation that it answers: one who has not seen that initiation cannot forge a reply to it. The initiator then fills
// mac2, which proves that what is sent to its address arrives there. The reply is a quarter of the initiation's size.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/address.h"
#include "libcore/base/rng.h"
#include "libcore/base/time.h"
#include "libcore/crypto/keys.h"

namespace spate::session {

// type, version, 0, 0, receiver index, nonce, sealed cookie
inline constexpr std::size_t kCookieReplyBytes = 4 + 4 + 24 + 16 + 16;
using CookieReplyDatagram = ByteArray<kCookieReplyBytes>;
using Cookie = ByteArray<16>;

// The responder's side. Draws no randomness before it is first used.
class CookieIssuer {
 public:
  // Of one secret. Cookies of the one before are taken as well: a cookie is good for this long at the least and for
  // twice as long at the most.
  static constexpr Duration kSecretLife = std::chrono::seconds(120);

  explicit CookieIssuer(Rng& rng) : rng_(rng) {}
  ~CookieIssuer();
  CookieIssuer(const CookieIssuer&) = delete;
  CookieIssuer& operator=(const CookieIssuer&) = delete;

  // cookie_key is Service::cookie_key() of the responder. REQUIRES initiation_mac1_valid().
  CookieReplyDatagram reply(Bytes initiation, const Address& from, const crypto::SymmetricKey& cookie_key, Instant now);
  // Does its mac2 prove that the sender of this initiation has had a cookie for that address? REQUIRES a datagram of an
  // initiation's size.
  bool proven(Bytes initiation, const Address& from, Instant now);

 private:
  void renew(Instant now);

  Rng& rng_;
  std::optional<crypto::SymmetricKey> current_;
  std::optional<crypto::SymmetricKey> previous_;
  Instant drawn_{};
};

// The initiator's side.
// The receiver index of a cookie reply of the right type, version and size.
std::optional<std::uint32_t> parse_cookie_reply_receiver(Bytes datagram);
// The cookie. Nothing unless it is authentic and answers the initiation, as it was last sent, to that responder.
std::optional<Cookie> open_cookie_reply(Bytes datagram, Bytes initiation, const crypto::SymmetricKey& cookie_key);
// Fills mac2 of a finished initiation.
void write_mac2(MutableBytes initiation, const Cookie& cookie);

}  // namespace spate::session
