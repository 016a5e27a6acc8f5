#include "libcore/session/handshake_load.h"

#include "tests/catch.h"

using namespace spate;
using namespace spate::session;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr Instant kStart{std::chrono::hours(1)};
}

TEST_CASE("handshake load: the 64th of a burst makes it high, and it lingers for a second", "[session]") {
  HandshakeLoad load;
  for (int i = 1; i < 64; ++i) CHECK_FALSE(load.add(kStart));
  CHECK(load.add(kStart));
  CHECK(load.add(kStart + milliseconds(999)));
  CHECK_FALSE(load.add(kStart + milliseconds(1'001)));
}

TEST_CASE("handshake load: 200 a second make it high, 190 never do", "[session]") {
  HandshakeLoad high;
  HandshakeLoad low;
  bool was_high = false;
  bool was_low = true;
  for (int i = 0; i < 1'000; ++i) {
    was_high |= high.add(kStart + i * Duration(5'000'000));
    was_low &= !low.add(kStart + i * Duration(5'263'158));
  }
  CHECK(was_high);
  CHECK(was_low);
}

TEST_CASE("handshake load: a long flood is forgotten a second after its end", "[session]") {
  HandshakeLoad load;
  for (int i = 0; i < 100'000; ++i) load.add(kStart + milliseconds(i / 5));
  const Instant end = kStart + seconds(20);
  CHECK(load.add(end + milliseconds(900)));
  CHECK_FALSE(load.add(end + milliseconds(2'000)));
}
