#include "libcore/crypto/xchacha.h"

#include <sodium.h>

#include "libcore/base/check.h"

namespace spate::crypto {

static_assert(sizeof(LongNonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

void xchacha_seal(MutableBytes out, Bytes text, Bytes associated, const SymmetricKey& key, const LongNonce& nonce) {
  SPATE_CHECK(out.size() == text.size() + kTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, text.data(), text.size(), associated.data(),
                                             associated.size(), nullptr, nonce.data(), key.data());
}

bool xchacha_open(MutableBytes out, Bytes sealed, Bytes associated, const SymmetricKey& key, const LongNonce& nonce) {
  if (sealed.size() < kTagBytes) return false;
  SPATE_CHECK(out.size() == sealed.size() - kTagBytes);
  return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
             out.data(), nullptr, sealed.data(), sealed.size() - kTagBytes, sealed.last(kTagBytes).data(),
             associated.data(), associated.size(), nonce.data(), key.data()) == 0;
}

}  // namespace spate::crypto
