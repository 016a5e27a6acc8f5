#include "libcore/session/cookies.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"
#include "libcore/crypto/xchacha.h"
#include "libcore/session/handshake.h"

namespace spate::session {
namespace {

constexpr std::size_t kSenderIndexAt = 4;  // in an initiation

Bytes before_mac2(Bytes initiation) { return initiation.first(initiation.size() - kMacBytes); }
Bytes mac1_of(Bytes initiation) { return before_mac2(initiation).last(kMacBytes); }

ByteArray<kMacBytes> compute_mac2(Bytes initiation, const Cookie& cookie) {
  return crypto::blake2b<kMacBytes>({before_mac2(initiation)}, cookie);
}

Cookie cookie_of(const Address& from, const crypto::SymmetricKey& secret) {
  ByteArray<2> port;
  Writer(port).u16(from.port);
  return crypto::blake2b<sizeof(Cookie)>({from.ip, port}, secret);
}

void forget(std::optional<crypto::SymmetricKey>& secret) {
  if (secret) crypto::erase(*secret);
  secret.reset();
}

}  // namespace

CookieIssuer::~CookieIssuer() {
  forget(current_);
  forget(previous_);
}

void CookieIssuer::renew(Instant now) {
  if (current_ && now - drawn_ < kSecretLife) return;
  forget(previous_);
  if (current_ && now - drawn_ < 2 * kSecretLife) previous_ = current_;
  forget(current_);
  rng_.fill(current_.emplace());
  drawn_ = now;
}

CookieReplyDatagram CookieIssuer::reply(Bytes initiation, const Address& from, const crypto::SymmetricKey& cookie_key,
                                        Instant now) {
  SPATE_CHECK(initiation.size() == kInitiationBytes);
  renew(now);
  crypto::LongNonce nonce;
  rng_.fill(nonce);
  CookieReplyDatagram datagram{};
  Writer writer(datagram);
  writer.u8(kCookieType).u8(kProtocolVersion).u16(0);
  writer.bytes(initiation.subspan(kSenderIndexAt, 4)).bytes(nonce);
  const MutableBytes sealed = writer.skip(sizeof(Cookie) + crypto::kTagBytes);
  crypto::xchacha_seal(sealed, cookie_of(from, *current_), mac1_of(initiation), cookie_key, nonce);
  return datagram;
}

bool CookieIssuer::proven(Bytes initiation, const Address& from, Instant now) {
  SPATE_CHECK(initiation.size() == kInitiationBytes);
  renew(now);
  const auto matches = [&](const std::optional<crypto::SymmetricKey>& secret) {
    return secret &&
           crypto::equal_secret(compute_mac2(initiation, cookie_of(from, *secret)), initiation.last(kMacBytes));
  };
  return matches(current_) || matches(previous_);
}

std::optional<std::uint32_t> parse_cookie_reply_receiver(Bytes datagram) {
  if (datagram.size() != kCookieReplyBytes) return std::nullopt;
  Reader reader(datagram);
  if (reader.u8() != kCookieType || reader.u8() != kProtocolVersion || reader.u16() != 0) return std::nullopt;
  return reader.u32();
}

std::optional<Cookie> open_cookie_reply(Bytes datagram, Bytes initiation, const crypto::SymmetricKey& cookie_key) {
  SPATE_CHECK(initiation.size() == kInitiationBytes);
  if (parse_cookie_reply_receiver(datagram) != Reader(initiation.subspan(kSenderIndexAt)).u32()) return std::nullopt;
  Reader reader(datagram.subspan(8));
  const auto nonce = reader.array<sizeof(crypto::LongNonce)>();
  Cookie cookie;
  if (!crypto::xchacha_open(cookie, reader.rest(), mac1_of(initiation), cookie_key, nonce)) return std::nullopt;
  return cookie;
}

void write_mac2(MutableBytes initiation, const Cookie& cookie) {
  SPATE_CHECK(initiation.size() == kInitiationBytes);
  const auto mac2 = compute_mac2(initiation, cookie);
  std::copy(mac2.begin(), mac2.end(), initiation.last(kMacBytes).begin());
}

}  // namespace spate::session
