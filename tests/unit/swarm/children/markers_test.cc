// What closes a burst.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: a burst with nothing behind it is closed by its head, soon and once", "[swarm]") {
  Fixture f;
  f.add(f.a);
  const std::uint64_t head = f.server.publish(1, f.net.now);
  f.net.run_for(milliseconds(5 + 1));
  CHECK(f.a.all<wire::Head>().empty());
  f.net.run_for(milliseconds(500));
  CHECK(f.a.all<wire::Head>() == std::vector<wire::Head>{{head}});
}

TEST_CASE("children: a burst that a hash list announced needs no head", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.server.publish(30, f.net.now);
  f.net.run_for(milliseconds(500));
  CHECK(f.sequences(f.a) == range(0, 30));
  CHECK(f.a.all<wire::Head>().empty());
}

TEST_CASE("children: on a lossy path the head is said twice", "[swarm]") {
  Fixture f;
  f.add(f.a);
  f.server.publish(100, f.net.now);
  wire::Report report;
  report.received = 100;
  report.missed = 5;
  report.next = report.seen = 100;
  f.net.run_for(milliseconds(50));
  f.a.say(report);
  f.net.run_for(milliseconds(50));
  f.a.heard.clear();
  const std::uint64_t head = f.server.publish(1, f.net.now);
  f.net.run_for(milliseconds(500));
  CHECK(f.a.all<wire::Head>() == std::vector<wire::Head>{{head}, {head}});
}
