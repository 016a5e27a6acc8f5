#include "libcore/sim/sharing_pool.h"

#include <span>

#include "libcore/wire/shard.h"
#include "tests/catch.h"

using namespace spate;

namespace {

Buffer shard(BufferPool& pool, std::uint64_t sequence) {
  Buffer frame = pool.take(wire::shard_frame_bytes(4, false));
  const MutableBytes bytes = frame.writable();
  wire::write_shard_header(bytes, {sequence, 5, 0, 0}, nullptr);
  for (std::size_t i = bytes.size() - 4; i < bytes.size(); ++i) bytes[i] = 9;
  return frame;
}

Buffer list(BufferPool& pool, std::uint64_t first) {
  const crypto::LeafHash leaf{7};
  Buffer frame = pool.take(wire::hash_list_frame_bytes(1));
  wire::write_hash_list(frame.writable(), 3, first, 5, std::span(&leaf, 1));
  for (std::uint8_t& byte : frame.writable().last(wire::kSignatureBytes)) byte = 8;
  return frame;
}

}  // namespace

TEST_CASE("sharing pool: some seconds of a stream are kept once, however many keep them", "[sim]") {
  sim::SharingPool pool;
  std::vector<Buffer> first, second;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    first.push_back(pool.shared(shard(pool, i)));
    if (i % 4 == 0) first.push_back(pool.shared(list(pool, i)));
  }
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    second.push_back(pool.shared(shard(pool, i)));
    if (i % 4 == 0) second.push_back(pool.shared(list(pool, i)));
  }
  std::size_t same = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    if (first[i].bytes().data() == second[i].bytes().data()) ++same;
  CHECK(same >= first.size() * 99 / 100);
}

TEST_CASE("sharing pool: other bytes are another frame", "[sim]") {
  sim::SharingPool pool;
  Buffer one = shard(pool, 1);
  Buffer other = shard(pool, 1);
  other.writable().back() = 10;
  const Buffer kept = pool.shared(std::move(one));
  const Buffer kept_too = pool.shared(std::move(other));
  CHECK(kept.bytes().back() == 9);
  CHECK(kept_too.bytes().back() == 10);
}
