// Immutable, reference-counted packet buffers from a pool.
//
// A received datagram is opened straight into a block of the pool; once verified, the same block is what is
// forwarded, repaired from and played out: nobody copies it. Blocks have one size and come back to the pool's
// free list, so the steady state allocates nothing. Single-threaded by design (the core has no threads).
// A pool must outlive its buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "libcore/base/bytes.h"

namespace spate {

class BufferPool;

// One owner's hold on a block. Empty, or refers to size() <= BufferPool::kBlockBytes bytes.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer& other);
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() { reset(); }

  explicit operator bool() const { return block_ != nullptr; }
  Bytes bytes() const;
  std::size_t size() const { return bytes().size(); }
  // Writable only while this is the block's one owner (checked).
  MutableBytes writable();
  void resize(std::size_t bytes);
  void reset();

 private:
  friend class BufferPool;
  struct Block;
  explicit Buffer(Block* block) : block_(block) {}
  Block* block_ = nullptr;
};

class BufferPool {
 public:
  // Holds the largest datagram that path-MTU discovery may ever allow.
  static constexpr std::size_t kBlockBytes = 1536;

  BufferPool();
  virtual ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A fresh block of that size, contents undefined.
  Buffer take(std::size_t bytes = kBlockBytes);
  // To be called with what is kept, and may from now on only be read: the same buffer, or another with the same bytes
  // that somebody keeps already. A pool of many nodes saves memory so.
  virtual Buffer shared(Buffer frame) { return frame; }
  std::size_t blocks_allocated() const { return slabs_.size() * kSlabBlocks; }

 private:
  friend class Buffer;
  static constexpr std::size_t kSlabBlocks = 64;
  void grow();

  std::vector<std::unique_ptr<Buffer::Block[]>> slabs_;
  Buffer::Block* free_ = nullptr;
  std::size_t in_use_ = 0;
};

}  // namespace spate
