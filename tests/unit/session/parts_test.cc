#include "libcore/session/parts.h"

#include <algorithm>
#include <vector>

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;

namespace {

using ByteVector = std::vector<std::uint8_t>;

struct Fixture {
  // What comes of this part.
  ByteVector take(std::uint16_t number, bool second, const ByteVector& bytes) {
    const auto whole = parts.join({second, number, bytes}, pool);
    return whole ? ByteVector(whole->bytes().begin(), whole->bytes().end()) : ByteVector();
  }

  BufferPool pool;
  Parts parts;
};

}  // namespace

TEST_CASE("parts: two make the text, in either order", "[session]") {
  Fixture f;
  CHECK(f.take(1, false, {1, 2}).empty());
  CHECK(f.take(1, true, {3}) == ByteVector{1, 2, 3});
  CHECK(f.take(2, true, {6}).empty());
  CHECK(f.take(2, false, {4, 5}) == ByteVector{4, 5, 6});
}

TEST_CASE("parts: those of different texts never meet, nor does one meet itself", "[session]") {
  Fixture f;
  CHECK(f.take(1, false, {1}).empty());
  CHECK(f.take(1, false, {1}).empty());
  CHECK(f.take(2, true, {2}).empty());
  CHECK(f.take(1, true, {3}) == ByteVector{1, 3});
  CHECK(f.take(1, true, {3}).empty());  // the text was handed over
}

TEST_CASE("parts: so many texts are waited for, and of more the oldest is dropped", "[session]") {
  Fixture f;
  const auto waiting = static_cast<std::uint16_t>(Parts::kWaitingMax);
  for (std::uint16_t i = 0; i <= waiting; ++i) CHECK(f.take(i, false, {1}).empty());
  CHECK(f.take(1, true, {2}) == ByteVector{1, 2});
  CHECK(f.take(waiting, true, {2}) == ByteVector{1, 2});
  CHECK(f.take(0, true, {2}).empty());
  const std::size_t blocks = f.pool.blocks_allocated();
  for (int i = 0; i < 10'000; ++i) f.take(static_cast<std::uint16_t>(i), false, ByteVector(1'000, 1));
  CHECK(f.pool.blocks_allocated() <= blocks + 64);
}

TEST_CASE("P17: parts of more than a buffer holds make nothing", "[session]") {
  Fixture f;
  CHECK(f.take(1, false, ByteVector(800, 1)).empty());
  CHECK(f.take(1, true, ByteVector(800, 1)).empty());
  CHECK(f.take(2, false, ByteVector(BufferPool::kBlockBytes, 1)).empty());
  CHECK(f.take(2, true, {1}).empty());
}
