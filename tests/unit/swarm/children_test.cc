// Who comes and goes.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: one that says nothing for 1.5 s is removed, one that reports is kept", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.add(f.b);
  const Instant start = f.net.now;
  while (f.net.now < start + seconds(3)) {
    f.report(f.b, 0);
    f.net.run_for(milliseconds(100));
    const bool expected = f.net.now - start < Children::kSilenceMax;
    CHECK(f.server.children.has(f.at_server(f.a)) == expected);
  }
  CHECK(f.server.children.has(f.at_server(f.b)));
  CHECK(f.server.children.take_silent() == std::vector<session::SessionId>{f.at_server(f.a)});
  CHECK(f.server.children.take_silent().empty());
  CHECK(f.server.children.free_slots() == 2);
}

TEST_CASE("children: slots, and whether all have the run to its end", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.add(f.b);
  CHECK(f.server.children.slots() == 3);
  CHECK(f.server.children.free_slots() == 1);
  CHECK(f.server.children.size() == 2);
  f.server.publish(10, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK_FALSE(f.server.children.all_have_the_end(10));
  f.report(f.a, 10);
  f.report(f.b, 9);
  f.net.run_for(milliseconds(20));
  CHECK(f.server.children.all_have_the_end(9));
  CHECK_FALSE(f.server.children.all_have_the_end(10));
  CHECK(f.server.children.backlog(f.net.now) >= 1);
  f.report(f.b, 10, false);
  f.net.run_for(milliseconds(20));
  CHECK_FALSE(f.server.children.all_have_the_end(10));  // it might wait for more
  f.report(f.b, 10);
  f.net.run_for(milliseconds(20));
  CHECK(f.server.children.all_have_the_end(10));
  CHECK(f.server.children.backlog(f.net.now) == 0);
  f.server.children.remove(f.at_server(f.a));
  CHECK_FALSE(f.server.children.has(f.at_server(f.a)));
  CHECK(f.server.children.free_slots() == 2);
}

TEST_CASE("children: one that has a part of the stream may be silent for longer", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(0), 0);
  const Instant start = f.net.now;
  f.net.run_until(start + Children::kSilenceMaxPart - milliseconds(50));
  CHECK(f.server.children.has(f.at_server(f.a)));
  f.net.run_until(start + Children::kSilenceMaxPart + milliseconds(50));
  CHECK_FALSE(f.server.children.has(f.at_server(f.a)));
}
