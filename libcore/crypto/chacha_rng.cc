#include "libcore/crypto/chacha_rng.h"

#include <sodium.h>

#include <algorithm>

#include "libcore/crypto/hash.h"

namespace spate::crypto {
namespace {

SymmetricKey seed_from(std::uint64_t value) {
  ByteArray<8> bytes;
  for (std::size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<std::uint8_t>(value & 0xff);
  return blake2b<32>({bytes});
}

}  // namespace

ChaChaRng::ChaChaRng(const SymmetricKey& seed) : seed_(seed), block_{}, used_(block_.size()) {}
ChaChaRng::ChaChaRng(std::uint64_t value) : ChaChaRng(seed_from(value)) {}

ChaChaRng::~ChaChaRng() {
  erase(seed_);
  erase(block_);
}

void ChaChaRng::fill(MutableBytes out) {
  while (!out.empty()) {
    if (used_ == block_.size()) refill();
    const std::size_t n = std::min(out.size(), block_.size() - used_);
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), n, out.begin());
    used_ += n;
    out = out.subspan(n);
  }
}

std::unique_ptr<Rng> ChaChaRng::fork(std::string_view label) const {
  const Bytes label_bytes{reinterpret_cast<const std::uint8_t*>(label.data()), label.size()};
  SymmetricKey seed = blake2b<32>({label_bytes}, seed_);
  auto forked = std::make_unique<ChaChaRng>(seed);
  erase(seed);
  return forked;
}

// The original ChaCha20 with its 64-bit block counter: the stream does not end.
void ChaChaRng::refill() {
  static constexpr ByteArray<crypto_stream_chacha20_NONCEBYTES> kNonce{};
  static constexpr std::uint64_t kChaChaBlockBytes = 64;
  block_.fill(0);
  crypto_stream_chacha20_xor_ic(block_.data(), block_.data(), block_.size(), kNonce.data(),
                                blocks_ * (sizeof(block_) / kChaChaBlockBytes), seed_.data());
  ++blocks_;
  used_ = 0;
}

}  // namespace spate::crypto
