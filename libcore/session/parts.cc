#include "libcore/session/parts.h"

#include <algorithm>
#include <utility>

namespace spate::session {
namespace {

Buffer joined(Bytes first, Bytes second, BufferPool& pool) {
  Buffer whole = pool.take(first.size() + second.size());
  const MutableBytes to = whole.writable();
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), to.begin()));
  return whole;
}

}  // namespace

std::optional<Buffer> Parts::join(const wire::Part& part, BufferPool& pool) {
  for (Waiting& other : waiting_) {
    if (!other.bytes || other.number != part.number) continue;
    if (other.second == part.second) return std::nullopt;
    const Buffer half = std::exchange(other.bytes, Buffer());
    if (half.size() + part.bytes.size() > BufferPool::kBlockBytes) return std::nullopt;
    return part.second ? joined(half.bytes(), part.bytes, pool) : joined(part.bytes, half.bytes(), pool);
  }
  Buffer half = joined(part.bytes, {}, pool);
  waiting_[next_++ % kWaitingMax] = {part.number, part.second, std::move(half)};
  return std::nullopt;
}

}  // namespace spate::session
