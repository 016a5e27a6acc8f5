#include "libcore/crypto/hash.h"

#include <sodium.h>

#include "libcore/base/check.h"

namespace spate::crypto {

void blake2b(MutableBytes out, std::initializer_list<Bytes> parts, Bytes key) {
  SPATE_CHECK(out.size() >= crypto_generichash_blake2b_BYTES_MIN && out.size() <= crypto_generichash_blake2b_BYTES_MAX);
  SPATE_CHECK(key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
  crypto_generichash_blake2b_state state;
  SPATE_CHECK(crypto_generichash_blake2b_init(&state, key.data(), key.size(), out.size()) == 0);
  for (const Bytes part : parts)
    if (!part.empty()) crypto_generichash_blake2b_update(&state, part.data(), part.size());
  crypto_generichash_blake2b_final(&state, out.data(), out.size());
}

SymmetricKey derive_key(const SymmetricKey& secret, std::string_view label, Bytes context) {
  static constexpr std::uint8_t kEndOfLabel[] = {0};
  const Bytes label_bytes{reinterpret_cast<const std::uint8_t*>(label.data()), label.size()};
  return blake2b<32>({label_bytes, kEndOfLabel, context}, secret);
}

}  // namespace spate::crypto
