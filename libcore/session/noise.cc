#include "libcore/session/noise.h"

#include <algorithm>
#include <string_view>

#include "libcore/base/check.h"
#include "libcore/base/reader.h"
#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"
#include "libcore/crypto/suite.h"

namespace spate::session {
namespace {

using crypto::kTagBytes;
using Hash = ByteArray<64>;

constexpr std::size_t kBlockBytes = 128;  // BLAKE2b's BLOCKLEN

constexpr std::string_view protocol_name(NoisePattern pattern) {
  return pattern == NoisePattern::kIK ? "Noise_IK_25519_ChaChaPoly_BLAKE2b" : "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b";
}

// HMAC (RFC 2104) over BLAKE2b-512. Noise prescribes it although BLAKE2b has a keyed mode.
Hash hmac(const Hash& key, Bytes first, Bytes second = {}) {
  ByteArray<kBlockBytes> inner;
  ByteArray<kBlockBytes> outer;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    const std::uint8_t k = i < key.size() ? key[i] : std::uint8_t{0};
    inner[i] = k ^ 0x36;
    outer[i] = k ^ 0x5c;
  }
  Hash digest = crypto::blake2b<64>({inner, first, second});
  digest = crypto::blake2b<64>({outer, digest});
  crypto::erase(inner);
  crypto::erase(outer);
  return digest;
}

// HKDF (section 4.3), with two outputs or with three.
struct Derived {
  Hash first, second, third;
  ~Derived() {
    crypto::erase(first);
    crypto::erase(second);
    crypto::erase(third);
  }
};
Derived hkdf(const Hash& chaining_key, Bytes input, int outputs = 2) {
  static constexpr ByteArray<1> kOne{1}, kTwo{2}, kThree{3};
  Hash temporary = hmac(chaining_key, input);
  Derived out;
  out.first = hmac(temporary, kOne);
  out.second = hmac(temporary, out.first, kTwo);
  if (outputs == 3) out.third = hmac(temporary, out.second, kThree);
  crypto::erase(temporary);
  return out;
}

crypto::SymmetricKey truncate(const Hash& hash) {
  crypto::SymmetricKey key;
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

}  // namespace

NoiseHandshake::Symmetric::~Symmetric() {
  crypto::erase(chaining_key);
  crypto::erase(key);
}

void NoiseHandshake::Symmetric::mix_hash(Bytes data) { hash = crypto::blake2b<64>({hash, data}); }

void NoiseHandshake::Symmetric::mix_key(Bytes input) {
  const Derived derived = hkdf(chaining_key, input);
  chaining_key = derived.first;
  key = truncate(derived.second);
  nonce = 0;
}

void NoiseHandshake::Symmetric::mix_key_and_hash(const crypto::SymmetricKey& psk) {
  const Derived derived = hkdf(chaining_key, psk, 3);
  chaining_key = derived.first;
  mix_hash(derived.second);
  key = truncate(derived.third);
  nonce = 0;
}

void NoiseHandshake::Symmetric::encrypt_and_hash(MutableBytes out, Bytes text) {
  crypto::sodium_suite().seal(out, text, hash, key, nonce++);
  mix_hash(out);
}

bool NoiseHandshake::Symmetric::decrypt_and_hash(MutableBytes out, Bytes sealed) {
  if (!crypto::sodium_suite().open(out, sealed, hash, key, nonce)) return false;
  ++nonce;
  mix_hash(sealed);
  return true;
}

NoiseHandshake::NoiseHandshake(const Config& config)
    : suite_(*config.suite),
      pattern_(config.pattern),
      initiator_(config.initiator),
      static_keys_(config.static_keys),
      ephemeral_keys_(config.ephemeral_keys),
      psk_(config.psk) {
  if (initiator_) remote_static_ = config.remote_static;
  const std::string_view name = protocol_name(pattern_);
  static_assert(protocol_name(NoisePattern::kIKpsk2).size() <= sizeof(Hash));  // else it would be hashed
  std::copy(name.begin(), name.end(), symmetric_.hash.begin());
  symmetric_.chaining_key = symmetric_.hash;
  symmetric_.mix_hash(config.prologue);
  symmetric_.mix_hash(initiator_ ? remote_static_.bytes : static_keys_.public_key.bytes);  // <- s
}

NoiseHandshake::~NoiseHandshake() {
  crypto::erase(static_keys_.secret);
  crypto::erase(ephemeral_keys_.secret);
  crypto::erase(psk_);
}

// Section 9.2: where a pre-shared key is used, ephemeral keys are mixed into the key as well.
void NoiseHandshake::mix_ephemeral(Symmetric& symmetric, const crypto::NodeKey& key) const {
  symmetric.mix_hash(key.bytes);
  if (pattern_ == NoisePattern::kIKpsk2) symmetric.mix_key(key.bytes);
}

bool NoiseHandshake::mix_dh(Symmetric& symmetric, const crypto::NodeKeyPair& self, const crypto::NodeKey& peer) const {
  ByteArray<32> shared;
  const bool sound = suite_.diffie_hellman(self, peer, shared);
  if (sound) symmetric.mix_key(shared);
  crypto::erase(shared);
  return sound;
}

bool NoiseHandshake::write_message(Bytes payload, MutableBytes out) {
  SPATE_CHECK(!finished() && initiator_ == (messages_ == 0));
  SPATE_CHECK(out.size() == payload.size() + overhead());
  Symmetric next = symmetric_;
  Writer writer(out);
  writer.bytes(ephemeral_keys_.public_key.bytes);
  mix_ephemeral(next, ephemeral_keys_.public_key);
  if (messages_ == 0) {  // -> e, es, s, ss
    if (!mix_dh(next, ephemeral_keys_, remote_static_)) return false;
    next.encrypt_and_hash(writer.skip(32 + kTagBytes), static_keys_.public_key.bytes);
    if (!mix_dh(next, static_keys_, remote_static_)) return false;
  } else {  // <- e, ee, se, psk
    if (!mix_dh(next, ephemeral_keys_, remote_ephemeral_)) return false;
    if (!mix_dh(next, ephemeral_keys_, remote_static_)) return false;
    if (pattern_ == NoisePattern::kIKpsk2) next.mix_key_and_hash(psk_);
  }
  next.encrypt_and_hash(writer.skip(payload.size() + kTagBytes), payload);
  symmetric_ = next;
  ++messages_;
  return true;
}

bool NoiseHandshake::read_message(Bytes message, MutableBytes payload) {
  SPATE_CHECK(!finished() && initiator_ == (messages_ == 1));
  if (message.size() < overhead()) return false;
  SPATE_CHECK(payload.size() == message.size() - overhead());
  Symmetric next = symmetric_;
  Reader reader(message);
  const crypto::NodeKey ephemeral{reader.array<32>()};
  crypto::NodeKey remote_static = remote_static_;
  mix_ephemeral(next, ephemeral);
  if (messages_ == 0) {  // -> e, es, s, ss
    if (!mix_dh(next, static_keys_, ephemeral)) return false;
    if (!next.decrypt_and_hash(remote_static.bytes, reader.bytes(32 + kTagBytes))) return false;
    if (!mix_dh(next, static_keys_, remote_static)) return false;
  } else {  // <- e, ee, se, psk
    if (!mix_dh(next, ephemeral_keys_, ephemeral)) return false;
    if (!mix_dh(next, static_keys_, ephemeral)) return false;
    if (pattern_ == NoisePattern::kIKpsk2) next.mix_key_and_hash(psk_);
  }
  if (!next.decrypt_and_hash(payload, reader.rest())) return false;
  symmetric_ = next;
  remote_static_ = remote_static;
  remote_ephemeral_ = ephemeral;
  ++messages_;
  return true;
}

TransportKeys NoiseHandshake::split() const {
  SPATE_CHECK(finished());
  const Derived derived = hkdf(symmetric_.chaining_key, {});
  TransportKeys keys;
  (initiator_ ? keys.send : keys.receive) = truncate(derived.first);
  (initiator_ ? keys.receive : keys.send) = truncate(derived.second);
  return keys;
}

}  // namespace spate::session
