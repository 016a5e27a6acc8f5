#include "libcore/base/buffer.h"

#include <algorithm>

#include "tests/catch.h"

using namespace spate;

TEST_CASE("buffer: an empty one has no bytes") {
  const Buffer buffer;
  CHECK_FALSE(buffer);
  CHECK(buffer.size() == 0);
}

TEST_CASE("buffer: copies share the block, and the last owner gives it back") {
  BufferPool pool;
  Buffer first = pool.take(3);
  std::fill(first.writable().begin(), first.writable().end(), std::uint8_t{7});
  const Buffer second = first;
  CHECK(second.bytes().data() == first.bytes().data());
  first.reset();
  CHECK_FALSE(first);
  CHECK(std::count(second.bytes().begin(), second.bytes().end(), 7) == 3);
}

TEST_CASE("buffer: moving leaves nothing behind, and self-assignment changes nothing") {
  BufferPool pool;
  Buffer a = pool.take(10);
  Buffer b = std::move(a);
  CHECK_FALSE(a);  // NOLINT: what a moved-from buffer is, is part of the contract
  CHECK(b.size() == 10);
  const Buffer& same = b;
  b = same;
  CHECK(b.size() == 10);
}

TEST_CASE("buffer: one owner may write and resize again after the others have gone") {
  BufferPool pool;
  Buffer a = pool.take(BufferPool::kBlockBytes);
  { const Buffer b = a; }
  a.resize(5);
  CHECK(a.writable().size() == 5);
  a.resize(0);
  CHECK(a);
  CHECK(a.size() == 0);
}

TEST_CASE("buffer pool: blocks are used again, so a steady state allocates nothing") {
  BufferPool pool;
  std::vector<Buffer> window;
  for (int i = 0; i < 100; ++i) window.push_back(pool.take());
  CHECK(pool.blocks_allocated() >= 100);
  const auto turn = [&](std::size_t i) { window[i % window.size()] = pool.take(i % BufferPool::kBlockBytes); };
  for (std::size_t i = 0; i < BufferPool::kBlockBytes; ++i) turn(i);  // each size of block fills the window once
  const std::size_t allocated = pool.blocks_allocated();
  for (std::size_t i = 0; i < 10'000; ++i) turn(i);
  CHECK(pool.blocks_allocated() == allocated);
}

TEST_CASE("buffer pool: blocks in use never overlap") {
  BufferPool pool;
  std::vector<Buffer> buffers;
  for (int i = 0; i < 200; ++i) {
    buffers.push_back(pool.take());
    const MutableBytes bytes = buffers.back().writable();
    std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(i));
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Bytes bytes = buffers[i].bytes();
    REQUIRE(static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(i))) ==
            BufferPool::kBlockBytes);
  }
}

TEST_CASE("buffer: growing keeps the bytes, whatever the size of the block") {
  BufferPool pool;
  for (const std::size_t larger :
       {BufferPool::kSmallBlockBytes, BufferPool::kSmallBlockBytes + 1, BufferPool::kBlockBytes}) {
    Buffer buffer = pool.take(0);
    for (std::size_t i = 0; i < larger; ++i) {
      buffer.resize(i + 1);
      buffer.writable()[i] = static_cast<std::uint8_t>(i);
    }
    REQUIRE(buffer.size() == larger);
    for (std::size_t i = 0; i < larger; ++i) REQUIRE(buffer.bytes()[i] == static_cast<std::uint8_t>(i));
  }
}
