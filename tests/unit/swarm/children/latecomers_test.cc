// What comes behind the cursor.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: what comes late is passed on at once, to those it was due to", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  Buffer frame = f.server.take_out(7);
  f.add(f.a, 0);
  f.add(f.b, 10);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).size() == 19);
  f.server.store.at(7).frame = std::move(frame);
  const std::uint64_t stored = 7;
  f.server.children.on_stored({&stored, 1});
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).back() == 7);
  CHECK(f.sequences(f.a).size() == 20);
  CHECK(f.sequences(f.b) == range(10, 20));
}

TEST_CASE("children: who takes and leaves stripes again and again is not sent the same again and again", "[swarm]") {
  constexpr StripeMask kAll = first_stripes(16);
  Fixture f(0, 0, 3'000, {16, 0});
  const auto publish_for = [&](std::chrono::milliseconds time) {
    for (auto left = time; left > milliseconds(0); left -= milliseconds(20)) {
      f.server.publish(4, f.net.now);  // 200 a second
      f.a.say(wire::Ping{});           // else it would be sent nothing
      f.net.run_for(milliseconds(20));
    }
  };
  f.add_live(f.b, kAll, 0);
  publish_for(milliseconds(2'000));
  for (int i = 0; i < 400; ++i) {
    const std::uint64_t first = f.server.store.head() - 80;
    f.add_live(f.a, bit(0), first);
    f.add_live(f.a, kAll, first);
    publish_for(milliseconds(20));
  }
  // The stream of these 8 s, and 20 s of its past, and an eighth; not 400 times the last 80.
  CHECK(f.sequences(f.a).size() < (8 + 20 + 1) * 200 + 400);
  CHECK(f.sequences(f.a).size() > 8 * 200);
}
