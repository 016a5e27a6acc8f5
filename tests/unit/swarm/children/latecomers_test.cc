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
