// The file that makes a stream the same stream, and a host the same host, run after run.
//
// One line of text, "spate-key-1:" and base64url of a 32-byte master seed and a 4-byte checksum, so that a truncated or
// mistyped file is noticed. The four secrets of a run are derived from the seed.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "libcore/crypto/keys.h"

namespace spate::io {

struct Keys {
  crypto::StreamKeyPair stream;
  crypto::Identity identity;
  crypto::SymmetricKey swarm_secret{};
  crypto::SymmetricKey content_secret{};
};

Keys derive_keys(const crypto::SymmetricKey& master);

struct KeyFileFailure {
  enum class Kind {
    kSystem,   // it cannot be read or made
    kRefused,  // others can read it, it is not a regular file, or not a key
  };
  Kind kind = Kind::kSystem;
  std::string message;  // one line, never with anything of the key in it
};

// Reads the master seed; if there is no such file, makes one (mode 0600, on disk before this returns) from `fresh`.
std::variant<crypto::SymmetricKey, KeyFileFailure> load_or_make_key_file(const std::string& path,
                                                                         const crypto::SymmetricKey& fresh);

// The text form, without a newline, and its inverse. False, and `seed` unspecified, if it is not exactly that.
std::string format_key(const crypto::SymmetricKey& seed);
[[nodiscard]] bool parse_key(std::string_view text, crypto::SymmetricKey& seed);

}  // namespace spate::io
