#include "libcore/stream/parity_maker.h"

#include <algorithm>

#include "libcore/base/check.h"
#include "libcore/stream/erasure_code.h"

namespace spate::stream {

ParityMaker::ParityMaker(std::size_t stripes, std::size_t parity, const crypto::SymmetricKey& salt,
                         const crypto::Suite& suite, BufferPool& pool)
    : stripes_(stripes), parity_(stripes > 1 ? parity : 0), salt_(salt), suite_(suite), pool_(pool) {
  SPATE_CHECK(stripes >= 1 && stripes <= wire::kStripesMax && parity <= wire::kParityMax);
}

void ParityMaker::open(std::uint64_t first, Instant now) {
  open_.first = first;
  opened_ = now;
  symbol_bytes_ = 0;
  for (std::size_t i = 0; i < parity_; ++i) {
    open_.frames[i] = pool_.take(wire::kParityHeaderBytes + wire::kSymbolBytesMax);
    std::ranges::fill(open_.frames[i].writable(), std::uint8_t{0});
  }
}

void ParityMaker::add(std::uint64_t sequence, Bytes frame, Instant now) {
  if (parity_ == 0) return;
  if (open_.count == 0) open(sequence, now);
  SPATE_CHECK(sequence == open_.first + open_.count);
  ByteArray<wire::kSymbolBytesMax> symbol;
  const std::size_t size = wire::write_symbol(symbol, *wire::parse_shard(frame));
  for (std::size_t i = 0; i < parity_; ++i)
    add_symbol(open_.frames[i].writable().subspan(wire::kParityHeaderBytes), static_cast<std::uint8_t>(i),
               Bytes{symbol}.first(size), open_.count);
  symbol_bytes_ = std::max(symbol_bytes_, size);
  ++open_.count;
  if ((sequence + 1) % stripes_ == 0) close();
}

void ParityMaker::close() {
  if (open_.count == 0) return;
  for (std::size_t i = 0; i < parity_; ++i) {
    const std::uint8_t index = static_cast<std::uint8_t>(i);
    Buffer& frame = open_.frames[i];
    frame.resize(wire::kParityHeaderBytes + symbol_bytes_);
    wire::write_parity_header(frame.writable(), open_.first, index, open_.count);
    open_.leaves[i] = suite_.leaf_hash(wire::parity_leaf_header(open_.first, index, open_.count),
                                       frame.bytes().subspan(wire::kParityHeaderBytes), salt_);
  }
  made_.push_back(std::move(open_));
  open_ = MadeBlock{};
}

std::optional<Instant> ParityMaker::open_since() const {
  return open_.count == 0 ? std::nullopt : std::optional(opened_);
}

void ParityMaker::pop_made(std::size_t n) {
  made_.erase(made_.begin(), made_.begin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace spate::stream
