#include "libcore/swarm/keeping.h"

#include "tests/catch.h"
#include "tests/unit/swarm/publisher_world.h"
#include "tests/unit/swarm/scripted_world.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool keeps(const SwarmHost& host, const ScriptedPeer& peer) {
  for (std::uint32_t slot = 0; slot < 8; ++slot) {
    const session::SessionId id{slot, 0};  // no session has ended yet
    if (host.endpoint.established(id) && host.endpoint.peer(id) == peer.keys.public_key) return host.endpoint.kept(id);
  }
  FAIL("no session");
  return false;
}

}  // namespace

TEST_CASE("keeping: a child's session is kept as long as it is a child, and no longer, whatever it says", "[swarm]") {
  PublisherWorld f;
  f.ask(f.a, wire::Subscribe{});
  f.feed(seconds(1), &f.a);
  REQUIRE(f.host.swarm->stats(f.net.now).children == 1);
  CHECK(keeps(f.host, f.a));
  CHECK_FALSE(keeps(f.host, f.b));
  f.a.up = false;
  f.feed(seconds(4));
  REQUIRE(f.host.swarm->stats(f.net.now).children == 0);
  CHECK_FALSE(keeps(f.host, f.a));
}

TEST_CASE("keeping: a parent's session is kept, one that is only known is not", "[swarm]") {
  ScriptedWorld f({1});
  f.p2.peer.dial(kSelf, f.net.now);
  f.run(seconds(2));
  REQUIRE(f.has(f.p1));
  CHECK(keeps(f.viewer, f.p1.peer));
  CHECK_FALSE(keeps(f.viewer, f.p2.peer));
}
