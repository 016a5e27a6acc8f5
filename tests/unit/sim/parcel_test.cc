#include "libcore/sim/parcel.h"

#include <algorithm>

#include "libcore/crypto/chacha_rng.h"
#include "tests/catch.h"

using namespace spate;
using sim::Parcel;

namespace {

struct Fixture {
  Buffer random(std::size_t bytes) {
    Buffer buffer = pool.take(bytes);
    rng.fill(buffer.writable());
    return buffer;
  }
  // One that the pool of frames keeps.
  Buffer kept_frame() {
    Buffer frame = frames.take(1'200);
    rng.fill(frame.writable());
    return frames.shared(frame);
  }
  // As a datagram with that frame, sealed by a suite that leaves it readable.
  Buffer around(const Buffer& frame) {
    Buffer datagram = random(frame.size() + session::kDataOverhead);
    std::copy(frame.bytes().begin(), frame.bytes().end(), datagram.writable().begin() + session::kDataHeaderBytes);
    return datagram;
  }

  crypto::ChaChaRng rng{1};
  BufferPool pool;
  sim::SharingPool frames;
};

bool same(const Buffer& a, const Buffer& b) { return std::ranges::equal(a.bytes(), b.bytes()); }

}  // namespace

TEST_CASE("parcel: comes out as it went in, and says the same of itself, however it is kept", "[sim]") {
  Fixture f;
  const Buffer datagram = f.around(f.kept_frame());
  for (const sim::SharingPool* const frames :
       {static_cast<const sim::SharingPool*>(nullptr), static_cast<const sim::SharingPool*>(&f.frames)}) {
    Parcel parcel;
    parcel.keep(datagram.bytes(), frames, f.pool);
    CHECK(same(parcel.whole(f.pool), datagram));
    CHECK(parcel.size() == datagram.size());
    CHECK(parcel.print() == sim::fingerprint(datagram.bytes()));
  }
}

TEST_CASE("parcel: any number of datagrams with one frame take no room for it", "[sim]") {
  Fixture f;
  const Buffer datagram = f.around(f.kept_frame());
  const std::size_t before = f.pool.blocks_allocated();
  std::vector<Parcel> parcels(1'000);
  for (Parcel& parcel : parcels) parcel.keep(datagram.bytes(), &f.frames, f.pool);
  CHECK(f.pool.blocks_allocated() == before);
}

TEST_CASE("parcel: of a frame that nobody keeps, or a small datagram, all is kept", "[sim]") {
  Fixture f;
  for (const std::size_t bytes : {1u, 20u, 64u, 200u, 1'300u}) {
    const Buffer datagram = f.random(bytes);
    Parcel parcel;
    parcel.keep(datagram.bytes(), &f.frames, f.pool);
    CHECK(same(parcel.whole(f.pool), datagram));
    CHECK(parcel.print() == sim::fingerprint(datagram.bytes()));
  }
  CHECK_FALSE(Parcel());
}
