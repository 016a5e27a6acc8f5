// The two handshake datagrams (wire/README.md, "Handshake"): their bytes, mac1, and the keys they end in.
//
//   initiation  256 bytes: type, version, caps, 0, sender index, service tag, Noise message 1, zeros, mac1, mac2
//   response     92 bytes: type, version, caps, 0, sender index, receiver index, Noise message 2, mac1, mac2
//
// The response is shorter than the initiation, so an unproven address is never sent more than came from it.
// A datagram of any other size or with a wrong mac1 is nobody's. mac1 covers all before it, keyed by the receiver's
// public key (and the psk): it proves knowledge of whom one talks to, Noise proves the rest. What Noise does not
// bind are the indices, the padding and mac2: who can rewrite packets on the path can spoil a handshake there,
// as he can by dropping it, and gains nothing. mac2 is zero, or in an initiation the proof of a cookie (cookies.h);
// that of a response is not read.
#pragma once

#include <cstdint>
#include <optional>

#include "libcore/base/bytes.h"
#include "libcore/base/rng.h"
#include "libcore/session/noise.h"
#include "libcore/session/service.h"

namespace spate::session {

inline constexpr std::uint8_t kInitiationType = 1;
inline constexpr std::uint8_t kResponseType = 2;
inline constexpr std::uint8_t kCookieType = 3;
inline constexpr std::uint8_t kDataType = 4;
inline constexpr std::uint8_t kProtocolVersion = 1;

inline constexpr std::size_t kMacBytes = 16;  // of mac1 and of mac2, which end a handshake datagram
inline constexpr std::size_t kInitiationBytes = 256;
inline constexpr std::size_t kResponseBytes = 4 + 4 + 4 + NoiseHandshake::kSecondOverhead + 2 * kMacBytes;
using InitiationDatagram = ByteArray<kInitiationBytes>;
using ResponseDatagram = ByteArray<kResponseBytes>;

// The initiator's side, from the first datagram to the keys.
class Initiation {
 public:
  Initiation(const Service& service, const crypto::NodeKeyPair& self, const crypto::NodeKey& responder,
             std::uint32_t own_index, Rng& rng, const crypto::Suite& suite = crypto::sodium_suite());
  Initiation(const Initiation&) = default;
  Initiation& operator=(const Initiation&) = delete;
  ~Initiation();  // erases its keys

  // False when the responder's key is a low-order point, which no host can hold: there is nothing to send then
  // (the datagram is zeros) and no answer will be taken.
  bool usable() const { return usable_; }
  // What to send, again and again until the answer comes: the same bytes each time, but for mac2 once a cookie came.
  const InitiationDatagram& datagram() const { return datagram_; }
  std::uint32_t own_index() const { return own_index_; }

  struct Result {
    TransportKeys keys;
    std::uint32_t peer_index = 0;
  };
  // Reads the answer, once. Nothing, and no change, unless it is authentic: garbage may race it (P1).
  std::optional<Result> read_response(Bytes datagram);
  // Proves the cookie in a cookie reply from now on, in place of an earlier one. False, and no change, unless it is
  // authentic. It says nothing of where the peer is (P3).
  bool read_cookie_reply(Bytes datagram);

 private:
  std::uint32_t own_index_;
  crypto::SymmetricKey response_mac_key_;
  crypto::SymmetricKey cookie_key_;
  NoiseHandshake noise_;
  InitiationDatagram datagram_{};
  bool usable_ = false;
};

// The responder's side.
struct InitiationHeader {
  std::uint32_t sender_index = 0;
  ServiceTag tag{};
};
// The clear fields, if the datagram has an initiation's type, version and size.
std::optional<InitiationHeader> parse_initiation(Bytes datagram);
// Sender index, service tag and ephemeral key: what makes one initiation the same as another, whatever its mac2.
using InitiationIdentity = ByteArray<4 + 8 + 32>;
// REQUIRES a datagram that parse_initiation() takes.
InitiationIdentity initiation_identity(Bytes datagram);
// In constant time. mac1_key is Service::mac1_key() of this host's node key (compute it once, keep it).
bool initiation_mac1_valid(Bytes datagram, const crypto::SymmetricKey& mac1_key);

struct Acceptance {
  crypto::NodeKey peer;
  std::uint32_t peer_index = 0;
  TransportKeys keys;
  ResponseDatagram response{};
};
// Does the responder's whole part. Nothing unless the initiation is authentic and for this service. An initiation may
// be a replay: only an opened data packet shows that the peer is there. REQUIRES initiation_mac1_valid().
std::optional<Acceptance> accept_initiation(Bytes datagram, const Service& service, const crypto::NodeKeyPair& self,
                                            std::uint32_t own_index, Rng& rng,
                                            const crypto::Suite& suite = crypto::sodium_suite());

// The receiver index of a response of the right type, version and size.
std::optional<std::uint32_t> parse_response_receiver(Bytes datagram);

}  // namespace spate::session
