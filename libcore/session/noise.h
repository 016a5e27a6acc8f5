// The Noise handshakes IK and IKpsk2 with 25519, ChaChaPoly and BLAKE2b (Noise specification, revision 34).
//
// One object is one side of one handshake: write_message() and read_message() in turn, then split(). A message
// that fails to read leaves the object as it was, so garbage that races the true answer harms nothing.
#pragma once

#include <cstdint>

#include "libcore/base/bytes.h"
#include "libcore/crypto/keys.h"
#include "libcore/crypto/suite.h"

namespace spate::session {

enum class NoisePattern { kIK, kIKpsk2 };

// One key for each direction of the secured path. Every copy erases itself.
struct TransportKeys {
  crypto::SymmetricKey send{};
  crypto::SymmetricKey receive{};

  ~TransportKeys() {
    crypto::erase(send);
    crypto::erase(receive);
  }
};

class NoiseHandshake {
 public:
  struct Config {
    NoisePattern pattern = NoisePattern::kIKpsk2;
    bool initiator = false;
    Bytes prologue;  // read during construction only
    crypto::NodeKeyPair static_keys;
    crypto::NodeKeyPair ephemeral_keys;  // fresh for each handshake
    crypto::NodeKey remote_static;       // the initiator's knowledge of the responder; ignored in the responder
    crypto::SymmetricKey psk{};          // IKpsk2 only
    const crypto::Suite* suite = &crypto::sodium_suite();  // of the key agreement
  };

  // Bytes that the first and the second message add to their payloads.
  static constexpr std::size_t kFirstOverhead = 32 + 48 + 16;
  static constexpr std::size_t kSecondOverhead = 32 + 16;

  explicit NoiseHandshake(const Config& config);
  NoiseHandshake(const NoiseHandshake&) = default;
  NoiseHandshake& operator=(const NoiseHandshake&) = delete;
  ~NoiseHandshake();  // erases its keys

  // Writes the next message with this payload to out (payload.size() plus the overhead bytes). False when the
  // peer's key is a low-order point, with nothing changed. REQUIRES it to be this side's turn.
  [[nodiscard]] bool write_message(Bytes payload, MutableBytes out);
  // Reads the peer's next message; payload has message.size() minus the overhead bytes. False, with nothing
  // changed but perhaps payload, when the message is too short or not authentic. REQUIRES it to be the peer's turn.
  [[nodiscard]] bool read_message(Bytes message, MutableBytes payload);

  bool finished() const { return messages_ == 2; }
  const ByteArray<64>& handshake_hash() const { return symmetric_.hash; }
  // The responder's knowledge of the initiator, after the first message.
  const crypto::NodeKey& remote_static() const { return remote_static_; }
  // REQUIRES finished().
  TransportKeys split() const;

 private:
  // The specification's SymmetricState. In IK a cipher key exists before anything is encrypted, so it has no
  // plain-text mode.
  struct Symmetric {
    ByteArray<64> chaining_key{};
    ByteArray<64> hash{};
    crypto::SymmetricKey key{};
    std::uint64_t nonce = 0;

    Symmetric() = default;
    Symmetric(const Symmetric&) = default;
    Symmetric& operator=(const Symmetric&) = default;
    ~Symmetric();

    void mix_hash(Bytes data);
    void mix_key(Bytes input);
    void mix_key_and_hash(const crypto::SymmetricKey& psk);
    void encrypt_and_hash(MutableBytes out, Bytes text);
    [[nodiscard]] bool decrypt_and_hash(MutableBytes out, Bytes sealed);
  };

  std::size_t overhead() const { return messages_ == 0 ? kFirstOverhead : kSecondOverhead; }
  [[nodiscard]] bool mix_dh(Symmetric& symmetric, const crypto::NodeKeyPair& self, const crypto::NodeKey& peer) const;
  void mix_ephemeral(Symmetric& symmetric, const crypto::NodeKey& key) const;

  const crypto::Suite& suite_;
  NoisePattern pattern_;
  bool initiator_;
  int messages_ = 0;
  Symmetric symmetric_;
  crypto::NodeKeyPair static_keys_;
  crypto::NodeKeyPair ephemeral_keys_;
  crypto::NodeKey remote_static_;
  crypto::NodeKey remote_ephemeral_;
  crypto::SymmetricKey psk_;
};

}  // namespace spate::session
