// What the secret in a private stream's watch link opens (wire/README.md, "Private streams").
#pragma once

#include <cstdint>

#include "libcore/crypto/keys.h"

namespace spate::stream {

// The key that enciphers the payloads of one run.
crypto::SymmetricKey content_key(const crypto::SymmetricKey& content_secret, std::uint64_t epoch);

// StreamInfo::key_check of that run: tells a viewer whether its secret is the right one, and nothing else.
ByteArray<8> key_check(const crypto::SymmetricKey& content_key);

}  // namespace spate::stream
