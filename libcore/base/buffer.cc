#include "libcore/base/buffer.h"

#include "libcore/base/check.h"

namespace spate {

struct Buffer::Block {
  BufferPool* pool;
  Block* next_free;
  std::uint32_t owners;
  std::uint32_t size;
  std::uint8_t data[BufferPool::kBlockBytes];
};

Buffer::Buffer(const Buffer& other) : block_(other.block_) {
  if (block_ != nullptr) ++block_->owners;
}

Bytes Buffer::bytes() const { return block_ == nullptr ? Bytes{} : Bytes{block_->data, block_->size}; }

MutableBytes Buffer::writable() {
  SPATE_CHECK(block_ != nullptr && block_->owners == 1);
  return {block_->data, block_->size};
}

void Buffer::resize(std::size_t bytes) {
  SPATE_CHECK(block_ != nullptr && block_->owners == 1 && bytes <= BufferPool::kBlockBytes);
  block_->size = static_cast<std::uint32_t>(bytes);
}

void Buffer::reset() {
  Block* const block = std::exchange(block_, nullptr);
  if (block == nullptr || --block->owners > 0) return;
  block->next_free = block->pool->free_;
  block->pool->free_ = block;
  --block->pool->in_use_;
}

BufferPool::BufferPool() = default;
BufferPool::~BufferPool() { SPATE_CHECK(in_use_ == 0); }

void BufferPool::grow() {
  std::unique_ptr<Buffer::Block[]> slab(new Buffer::Block[kSlabBlocks]);
  for (std::size_t i = kSlabBlocks; i-- > 0;) {
    slab[i].pool = this;
    slab[i].owners = 0;
    slab[i].next_free = free_;
    free_ = &slab[i];
  }
  slabs_.push_back(std::move(slab));
}

Buffer BufferPool::take(std::size_t bytes) {
  SPATE_CHECK(bytes <= kBlockBytes);
  if (free_ == nullptr) grow();
  Buffer::Block* const block = free_;
  free_ = block->next_free;
  block->owners = 1;
  block->size = static_cast<std::uint32_t>(bytes);
  ++in_use_;
  return Buffer(block);
}

}  // namespace spate
