// Immutable, reference-counted packet buffers from a pool.
//
// A received datagram is opened straight into a block of the pool; once verified, the same block is what is
// forwarded, repaired from and played out: nobody copies it. Blocks have one of two sizes and come back to the pool's
// free lists, so the steady state allocates nothing. Single-threaded by design (the core has no threads).
// A pool must outlive its buffers.
#pragma once

#include <array>
#include <cstddef>
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
  Buffer(const Buffer& other) : block_(other.block_) {
    if (block_ != nullptr) ++block_->owners;
  }
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() {
    if (block_ != nullptr) release();
  }

  explicit operator bool() const { return block_ != nullptr; }
  Bytes bytes() const { return block_ == nullptr ? Bytes{} : Bytes{block_->data(), block_->size}; }
  std::size_t size() const { return bytes().size(); }
  // Writable only while this is the block's one owner (checked).
  MutableBytes writable();
  // Keeps the bytes that both sizes have; views of them end. REQUIRES one owner, and at most BufferPool::kBlockBytes.
  void resize(std::size_t bytes);
  void reset() {
    if (block_ != nullptr) release();
  }

 private:
  friend class BufferPool;
  // Its bytes follow it in memory.
  struct Block {
    BufferPool* pool;
    Block* next_free;
    std::uint32_t owners;
    std::uint16_t size;
    std::uint16_t kind;
    std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
    const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
  };
  void release();
  explicit Buffer(Block* block) : block_(block) {}
  Block* block_ = nullptr;
};

class BufferPool {
 public:
  // Holds the largest datagram that path-MTU discovery may ever allow.
  static constexpr std::size_t kBlockBytes = 1536;
  // Holds what peers tell one another, and the largest datagram of a handshake.
  static constexpr std::size_t kSmallBlockBytes = 256;

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
  static constexpr std::array<std::size_t, 2> kBytesOfKind{kSmallBlockBytes, kBlockBytes};
  void grow(std::size_t kind);

  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::array<Buffer::Block*, kBytesOfKind.size()> free_{};
  std::size_t in_use_ = 0;
};

}  // namespace spate
