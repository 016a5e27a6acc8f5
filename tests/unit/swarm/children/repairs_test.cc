// What children ask for.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: a repair request is answered with the shards that are here, once each", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(3, 4));
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(3, 7));
  CHECK(f.server.children.stats().repairs_sent == 4);
}

TEST_CASE("children: what fell out of the store, or was given up, is a hole", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.server.take_out(5);
  f.server.store.at(5).given_up = true;
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.say(f.request(5, 1));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>() == std::vector<wire::Hole>{{5, 1}});
}

TEST_CASE("children: what is not here yet, or was not sent yet, makes no hole", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.server.take_out(5);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(5, 1));
  f.a.say(f.request(20, 200));
  f.a.say(f.request(std::uint64_t{1} << 60, 200));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>().empty());
  CHECK(f.a.frames.empty());
}

TEST_CASE("children: who has some stripes from us is told that we are not that far yet with others", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(1), 0, false);
  f.server.publish(20, f.net.now);
  f.net.run_for(milliseconds(20));
  f.a.say(f.request(20, 4));  // of stripes 0, 1, 2 and 3
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>() == std::vector<wire::Hole>{{20, 1}, {22, 1}, {23, 1}});
}

TEST_CASE("children: a list is sent on request", "[swarm]") {
  Fixture f;
  f.server.publish(40, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  wire::RepairRequest request = f.request(20, 1);
  request.kind = wire::RepairRequest::Kind::kList;
  f.a.say(request);
  f.net.run_for(milliseconds(20));
  REQUIRE(f.a.frames.size() == 1);
  const auto list = wire::parse_hash_list(f.a.frames[0]);
  REQUIRE(list);
  CHECK(list->first <= 20);
  CHECK(list->first + list->count() > 20);
}

TEST_CASE("children: repairs to one child are limited", "[swarm]") {
  Fixture f;
  f.server.publish(300, f.net.now);
  f.add(f.a, 0, 1'000 * kShardWireBytes);
  f.net.run_for(milliseconds(100));
  f.a.frames.clear();
  for (int i = 0; i < 100; ++i) {
    f.a.say(f.request(0, 250));
    f.net.run_for(milliseconds(10));
  }
  CHECK(f.sequences(f.a).size() < 6'000);  // of 25,000 asked for
}

TEST_CASE("children: whoever subscribes anew has no new budget of repairs", "[swarm]") {
  Fixture f;
  const std::uint64_t head = f.server.publish(300, f.net.now);
  for (int i = 0; i < 20; ++i) {
    f.server.children.remove(f.at_server(f.a));
    f.add(f.a, head);
    f.a.say(f.request(0, 250));
    f.net.run_for(milliseconds(20));
  }
  CHECK(f.sequences(f.a).size() > 400);
  CHECK(f.sequences(f.a).size() < 1'200);  // of 5,000 asked for
}

TEST_CASE("children: P17: a repair request for what a restarted store does not hold harms nothing", "[swarm]") {
  Fixture f;
  f.server.publish(100, f.net.now);
  f.add(f.a, 0, 1'000 * kShardWireBytes);
  f.net.run_for(milliseconds(50));
  f.server.store.restart(60);
  f.a.say(f.request(55, 30));
  f.net.run_for(milliseconds(20));
  CHECK(f.a.all<wire::Hole>() == std::vector<wire::Hole>{{55, 5}});
}

TEST_CASE("children: hash lists go to those who want them, and with repairs to those who ask", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(1), 0, true);
  f.add_live(f.b, bit(1), 0, false);
  f.server.publish(30, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.a) == 1);
  CHECK(f.lists(f.b) == 0);
  CHECK(f.sequences(f.b) == f.sequences(f.a));
  f.b.frames.clear();
  wire::RepairRequest request = f.request(1, 1);
  request.kind = wire::RepairRequest::Kind::kShardsWithLists;
  f.b.say(request);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.b) == 1);
  CHECK(f.sequences(f.b) == std::vector<std::uint64_t>{1});
  // A list that comes by itself, too.
  f.a.frames.clear();
  f.b.frames.clear();
  f.server.children.on_list(0);
  f.net.run_for(milliseconds(20));
  CHECK(f.lists(f.b) == 0);
}

TEST_CASE("children: what is asked for twice before it is sent is sent once", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  for (int i = 0; i < 3; ++i) f.a.say(f.request(3, 2));  // in one datagram
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(3, 5));
  f.a.say(f.request(3, 1));  // but it may be lost, and asked for again
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).size() == 3);
}

TEST_CASE("children: repairs that have waited too long are not sent any more", "[swarm]") {
  Fixture f;
  f.server.publish(100, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(100));
  REQUIRE(f.sequences(f.a).size() == 100);
  f.report(f.a, 100);
  f.server.upload = TokenBucket(10'000, 2'000);
  f.a.say(f.request(0, 100));
  f.net.run_for(seconds(1));
  f.report(f.a, 100);
  f.net.run_for(seconds(1));  // one that is at home in all stripes is waited for longer
  const std::uint64_t sent = f.server.children.stats().repairs_sent;
  CHECK(sent >= 2);
  CHECK(sent <= 30);
  f.report(f.a, 100);
  f.net.run_for(seconds(1));
  CHECK(f.server.children.stats().repairs_sent == sent);
}

TEST_CASE("children: a repair of a stripe that the child has from elsewhere is answered, too", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(0), 0);
  f.server.publish(8, f.net.now);
  f.net.run_for(milliseconds(20));
  f.a.frames.clear();
  f.a.say(f.request(7, 1));
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{7});
}
