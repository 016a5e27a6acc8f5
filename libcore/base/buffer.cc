#include "libcore/base/buffer.h"

#include <algorithm>
#include <new>

#include "libcore/base/check.h"

namespace spate {

MutableBytes Buffer::writable() {
  SPATE_CHECK(block_ != nullptr && block_->owners == 1);
  return {block_->data(), block_->size};
}

void Buffer::resize(std::size_t bytes) {
  SPATE_CHECK(block_ != nullptr && block_->owners == 1 && bytes <= BufferPool::kBlockBytes);
  if (bytes > BufferPool::kBytesOfKind[block_->kind]) {
    Buffer larger = block_->pool->take(bytes);
    std::copy_n(block_->data(), block_->size, larger.block_->data());
    *this = std::move(larger);
  }
  block_->size = static_cast<std::uint16_t>(bytes);
}

void Buffer::release() {
  Block* const block = std::exchange(block_, nullptr);
  if (--block->owners > 0) return;
  BufferPool& pool = *block->pool;
  block->next_free = pool.free_[block->kind];
  pool.free_[block->kind] = block;
  --pool.in_use_;
}

BufferPool::BufferPool() = default;
BufferPool::~BufferPool() { SPATE_CHECK(in_use_ == 0); }

void BufferPool::grow(std::size_t kind) {
  const std::size_t stride = sizeof(Buffer::Block) + kBytesOfKind[kind];
  static_assert(kSmallBlockBytes % alignof(Buffer::Block) == 0 && kBlockBytes % alignof(Buffer::Block) == 0);
  std::unique_ptr<std::byte[]> slab(new std::byte[kSlabBlocks * stride]);
  for (std::size_t i = kSlabBlocks; i-- > 0;)
    free_[kind] = new (&slab[i * stride]) Buffer::Block{this, free_[kind], 0, 0, static_cast<std::uint16_t>(kind)};
  slabs_.push_back(std::move(slab));
}

Buffer BufferPool::take(std::size_t bytes) {
  SPATE_CHECK(bytes <= kBlockBytes);
  const std::size_t kind = bytes <= kSmallBlockBytes ? 0 : 1;
  if (free_[kind] == nullptr) grow(kind);
  Buffer::Block* const block = free_[kind];
  free_[kind] = block->next_free;
  block->owners = 1;
  block->size = static_cast<std::uint16_t>(bytes);
  ++in_use_;
  return Buffer(block);
}

}  // namespace spate
