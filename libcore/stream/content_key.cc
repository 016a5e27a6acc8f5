#include "libcore/stream/content_key.h"

#include <algorithm>
#include <string>

#include "libcore/base/writer.h"
#include "libcore/crypto/hash.h"

namespace spate::stream {

crypto::SymmetricKey content_key(const crypto::SymmetricKey& content_secret, std::uint64_t epoch) {
  ByteArray<8> epoch_bytes;
  Writer(epoch_bytes).u64(epoch);
  return crypto::derive_key(content_secret, "content", epoch_bytes);
}

ByteArray<8> key_check(const crypto::SymmetricKey& content_key) {
  static const std::string kContext = "spate key check 1";
  const ByteArray<16> hash = crypto::blake2b<16>({as_bytes(kContext)}, content_key);
  ByteArray<8> check;
  std::copy_n(hash.begin(), check.size(), check.begin());
  return check;
}

}  // namespace spate::stream
