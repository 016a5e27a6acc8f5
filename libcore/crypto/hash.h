// BLAKE2b, in one call or in parts, with or without a key.
#pragma once

#include <initializer_list>
#include <string_view>

#include "libcore/base/bytes.h"
#include "libcore/crypto/keys.h"

namespace spate::crypto {

// BLAKE2b of the parts' concatenation; out is 16..64 bytes and its size is part of the function's identity.
void blake2b(MutableBytes out, std::initializer_list<Bytes> parts, Bytes key = {});

template <std::size_t N>
ByteArray<N> blake2b(std::initializer_list<Bytes> parts, Bytes key = {}) {
  ByteArray<N> out;
  blake2b(MutableBytes{out}, parts, key);
  return out;
}

// A key named by a label, from a key and context: BLAKE2b-256(key = secret; label || 0x00 || context).
SymmetricKey derive_key(const SymmetricKey& secret, std::string_view label, Bytes context = {});

}  // namespace spate::crypto
