#include "libcore/session/handshake.h"

#include <string_view>

#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"
#include "libcore/session/cookies.h"

namespace spate::session {
namespace {

constexpr std::uint8_t kCaps = 0;      // none defined yet
constexpr std::uint8_t kReserved = 0;  // fourth byte
constexpr std::size_t kPaddingBytes =
    kInitiationBytes - (4 + 4 + sizeof(ServiceTag) + NoiseHandshake::kFirstOverhead + 2 * kMacBytes);
static_assert(kResponseBytes <= kInitiationBytes && kCookieReplyBytes <= kInitiationBytes);

using Prologue = ByteArray<8 + 1 + 1 + 32>;

Prologue prologue_of(const Service& service, std::uint8_t caps) {
  static constexpr std::string_view kName = "spate-v1";
  Prologue prologue;
  Writer(prologue)
      .bytes({reinterpret_cast<const std::uint8_t*>(kName.data()), kName.size()})
      .u8(kProtocolVersion)
      .u8(caps)
      .bytes(service.stream.bytes);
  return prologue;
}

NoiseHandshake begin(bool initiator, const Service& service, std::uint8_t caps, const crypto::NodeKeyPair& self,
                     const crypto::NodeKey& remote, Rng& rng, const crypto::Suite& suite) {
  const Prologue prologue = prologue_of(service, caps);
  ByteArray<32> secret;
  rng.fill(secret);
  NoiseHandshake::Config config{NoisePattern::kIKpsk2,       initiator, prologue,    self,
                                suite.node_key_pair(secret), remote,    service.psk, &suite};
  crypto::erase(secret);
  NoiseHandshake noise(config);
  crypto::erase(config.static_keys.secret);
  crypto::erase(config.ephemeral_keys.secret);
  crypto::erase(config.psk);
  return noise;
}

Bytes before_macs(Bytes datagram) { return datagram.first(datagram.size() - 2 * kMacBytes); }
Bytes mac1_of(Bytes datagram) { return datagram.subspan(datagram.size() - 2 * kMacBytes, kMacBytes); }

ByteArray<kMacBytes> compute_mac1(Bytes datagram, const crypto::SymmetricKey& key) {
  return crypto::blake2b<kMacBytes>({before_macs(datagram)}, key);
}

bool mac1_valid(Bytes datagram, const crypto::SymmetricKey& key) {
  return crypto::equal_secret(compute_mac1(datagram, key), mac1_of(datagram));
}

// Fills mac1. mac2 is zero until there is a cookie.
void write_macs(MutableBytes datagram, const crypto::SymmetricKey& key) {
  const auto mac1 = compute_mac1(datagram, key);
  Writer(datagram.last(2 * kMacBytes)).bytes(mac1).bytes(ByteArray<kMacBytes>{});
}

struct Initial {
  InitiationHeader header;
  std::uint8_t caps = 0;
  Bytes noise;
};

std::optional<Initial> parse(Bytes datagram) {
  if (datagram.size() != kInitiationBytes) return std::nullopt;
  Reader reader(datagram);
  if (reader.u8() != kInitiationType || reader.u8() != kProtocolVersion) return std::nullopt;
  Initial initial;
  initial.caps = reader.u8();
  if (reader.u8() != kReserved) return std::nullopt;
  initial.header.sender_index = reader.u32();
  initial.header.tag = reader.array<sizeof(ServiceTag)>();
  initial.noise = reader.bytes(NoiseHandshake::kFirstOverhead);
  return initial;
}

struct Answer {
  std::uint8_t caps = 0;
  std::uint32_t sender_index = 0;
  std::uint32_t receiver_index = 0;
  Bytes noise;
};

std::optional<Answer> parse_answer(Bytes datagram) {
  if (datagram.size() != kResponseBytes) return std::nullopt;
  Reader reader(datagram);
  if (reader.u8() != kResponseType || reader.u8() != kProtocolVersion) return std::nullopt;
  Answer answer;
  answer.caps = reader.u8();
  if (reader.u8() != kReserved) return std::nullopt;
  answer.sender_index = reader.u32();
  answer.receiver_index = reader.u32();
  answer.noise = reader.bytes(NoiseHandshake::kSecondOverhead);
  return answer;
}

}  // namespace

Initiation::Initiation(const Service& service, const crypto::NodeKeyPair& self, const crypto::NodeKey& responder,
                       std::uint32_t own_index, Rng& rng, const crypto::Suite& suite)
    : own_index_(own_index),
      response_mac_key_(service.mac1_key(self.public_key)),
      cookie_key_(service.cookie_key(responder)),
      noise_(begin(true, service, kCaps, self, responder, rng, suite)) {
  ByteArray<NoiseHandshake::kFirstOverhead> message;
  usable_ = noise_.write_message({}, message);
  if (!usable_) return;
  Writer(datagram_)
      .u8(kInitiationType)
      .u8(kProtocolVersion)
      .u8(kCaps)
      .u8(kReserved)
      .u32(own_index)
      .bytes(service.tag)
      .bytes(message)
      .bytes(ByteArray<kPaddingBytes>{});
  write_macs(datagram_, service.mac1_key(responder));
}

Initiation::~Initiation() {
  crypto::erase(response_mac_key_);
  crypto::erase(cookie_key_);
}

std::optional<Initiation::Result> Initiation::read_response(Bytes datagram) {
  if (!usable_ || noise_.finished()) return std::nullopt;
  const std::optional<Answer> answer = parse_answer(datagram);
  // The answer repeats the caps of the question, which the prologue binds.
  if (!answer || answer->caps != kCaps || answer->receiver_index != own_index_) return std::nullopt;
  if (!mac1_valid(datagram, response_mac_key_)) return std::nullopt;
  if (!noise_.read_message(answer->noise, {})) return std::nullopt;
  return Result{noise_.split(), answer->sender_index};
}

bool Initiation::read_cookie_reply(Bytes datagram) {
  if (!usable_ || noise_.finished()) return false;
  std::optional<Cookie> cookie = open_cookie_reply(datagram, datagram_, cookie_key_);
  if (!cookie) return false;
  write_mac2(datagram_, *cookie);
  crypto::erase(*cookie);
  return true;
}

std::optional<InitiationHeader> parse_initiation(Bytes datagram) {
  const std::optional<Initial> initial = parse(datagram);
  if (!initial) return std::nullopt;
  return initial->header;
}

InitiationIdentity initiation_identity(Bytes datagram) {
  return Reader(datagram.subspan(4)).array<sizeof(InitiationIdentity)>();
}

bool initiation_mac1_valid(Bytes datagram, const crypto::SymmetricKey& mac1_key) {
  return datagram.size() == kInitiationBytes && mac1_valid(datagram, mac1_key);
}

std::optional<Acceptance> accept_initiation(Bytes datagram, const Service& service, const crypto::NodeKeyPair& self,
                                            std::uint32_t own_index, Rng& rng, const crypto::Suite& suite) {
  const std::optional<Initial> initial = parse(datagram);
  if (!initial || initial->header.tag != service.tag) return std::nullopt;
  NoiseHandshake noise = begin(false, service, initial->caps, self, {}, rng, suite);
  if (!noise.read_message(initial->noise, {})) return std::nullopt;
  ByteArray<NoiseHandshake::kSecondOverhead> message;
  if (!noise.write_message({}, message)) return std::nullopt;

  Acceptance acceptance{noise.remote_static(), initial->header.sender_index, noise.split(), {}};
  Writer(acceptance.response)
      .u8(kResponseType)
      .u8(kProtocolVersion)
      .u8(initial->caps)
      .u8(kReserved)
      .u32(own_index)
      .u32(acceptance.peer_index)
      .bytes(message);
  write_macs(acceptance.response, service.mac1_key(acceptance.peer));
  return acceptance;
}

std::optional<std::uint32_t> parse_response_receiver(Bytes datagram) {
  const std::optional<Answer> answer = parse_answer(datagram);
  if (!answer) return std::nullopt;
  return answer->receiver_index;
}

}  // namespace spate::session
