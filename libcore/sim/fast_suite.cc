#include "libcore/sim/fast_suite.h"

#include <algorithm>
#include <cstring>

#include "libcore/sim/digest.h"

namespace spate::sim {
namespace {

std::uint64_t word_of(Bytes bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word = word << 8 | bytes[i];
  return word;
}

// Fills `out` with what follows from a value.
template <typename Array>
Array spread(std::uint64_t value) {
  Array out;
  for (std::size_t at = 0; at < out.size(); at += 8) {
    value = Digest::mix(value + at + 1);
    for (std::size_t i = 0; i < 8 && at + i < out.size(); ++i)
      out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return out;
}

ByteArray<crypto::kTagBytes> tag(Bytes text, Bytes associated, const crypto::SymmetricKey& key, std::uint64_t counter) {
  Digest digest;
  digest.add(word_of(key));
  digest.add(counter);
  digest.add(hash_bytes(associated));
  digest.add(hash_bytes(text));
  return spread<ByteArray<crypto::kTagBytes>>(digest.value());
}

}  // namespace

void FastSuite::seal(MutableBytes out, Bytes text, Bytes associated, const crypto::SymmetricKey& key,
                     std::uint64_t counter) const {
  std::copy(text.begin(), text.end(), out.begin());
  const auto mark = tag(text, associated, key, counter);
  std::copy(mark.begin(), mark.end(), out.end() - static_cast<std::ptrdiff_t>(mark.size()));
}

bool FastSuite::open(MutableBytes out, Bytes sealed, Bytes associated, const crypto::SymmetricKey& key,
                     std::uint64_t counter) const {
  const Bytes text = sealed.first(out.size());
  const auto mark = tag(text, associated, key, counter);
  if (!std::equal(mark.begin(), mark.end(), sealed.begin() + static_cast<std::ptrdiff_t>(out.size()))) return false;
  std::copy(text.begin(), text.end(), out.begin());
  return true;
}

crypto::Signature FastSuite::sign(Bytes message, const crypto::StreamKeyPair& key) const {
  return spread<crypto::Signature>(hash_bytes(message) ^ word_of(key.public_key.bytes));
}

bool FastSuite::verify(Bytes message, const crypto::Signature& signature, const crypto::StreamKey& key) const {
  return signature == spread<crypto::Signature>(hash_bytes(message) ^ word_of(key.bytes));
}

crypto::LeafHash FastSuite::leaf_hash(Bytes header, Bytes payload, const crypto::SymmetricKey& key) const {
  Digest digest;
  digest.add(word_of(key));
  digest.add(hash_bytes(header));
  digest.add(hash_bytes(payload));
  return spread<crypto::LeafHash>(digest.value());
}

crypto::NodeKeyPair FastSuite::node_key_pair(const ByteArray<32>& secret) const {
  return {{spread<ByteArray<32>>(hash_bytes(secret))}, secret};
}

bool FastSuite::diffie_hellman(const crypto::NodeKeyPair& self, const crypto::NodeKey& peer,
                               ByteArray<32>& shared) const {
  if (peer == crypto::NodeKey{}) return false;
  shared = spread<ByteArray<32>>(hash_bytes(self.public_key.bytes) + hash_bytes(peer.bytes));
  return true;
}

void FastSuite::xor_stream(MutableBytes text, const crypto::SymmetricKey& key, std::uint64_t counter) const {
  std::uint64_t state = word_of(key) ^ Digest::mix(counter + 1);
  for (std::size_t at = 0; at < text.size(); at += 8) {
    state = Digest::mix(state + at + 1);
    for (std::size_t i = 0; i < 8 && at + i < text.size(); ++i)
      text[at + i] ^= static_cast<std::uint8_t>(state >> (8 * i));
  }
}

}  // namespace spate::sim
