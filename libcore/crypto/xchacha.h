// XChaCha20-Poly1305: an AEAD whose nonce is long enough to be drawn at random, under a key that seals many times.
#pragma once

#include "libcore/crypto/keys.h"
#include "libcore/crypto/suite.h"

namespace spate::crypto {

using LongNonce = ByteArray<24>;

// out has text.size() + kTagBytes bytes and does not overlap text. The nonce is drawn anew for every call.
void xchacha_seal(MutableBytes out, Bytes text, Bytes associated, const SymmetricKey& key, const LongNonce& nonce);
// out has sealed.size() - kTagBytes bytes. False, and out unspecified, unless the tag is right.
[[nodiscard]] bool xchacha_open(MutableBytes out, Bytes sealed, Bytes associated, const SymmetricKey& key,
                                const LongNonce& nonce);

}  // namespace spate::crypto
