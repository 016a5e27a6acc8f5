// What is new, in order and within the window.
#include "tests/unit/swarm/children/fixture.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Fixture = ChildrenFixture;

}  // namespace

TEST_CASE("children: each is sent everything from its first sequence on, once and in order", "[swarm]") {
  Fixture f;
  f.server.publish(20, f.net.now);
  f.add(f.a, 0);
  f.add(f.b, 15);
  f.net.run_for(milliseconds(20));
  const std::uint64_t head = f.server.publish(10, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == range(0, head));
  CHECK(f.sequences(f.b) == range(15, head));
}

TEST_CASE("children: each hash list goes once, ahead of its shards", "[swarm]") {
  Fixture f;
  f.server.publish(40, f.net.now);
  f.add(f.a);
  f.net.run_for(milliseconds(20));
  std::size_t lists = 0;
  std::uint64_t proven = 0;
  for (const ByteVector& frame : f.a.frames) {
    if (const auto list = wire::parse_hash_list(frame)) {
      ++lists;
      proven = list->first + list->count();
    } else if (const auto shard = wire::parse_shard(frame); shard && !shard->has_signature) {
      CHECK(shard->sequence_low < proven);
    }
  }
  CHECK(lists >= 1);
  CHECK(lists <= 2);
  CHECK(f.sequences(f.a).size() == 40);
}

TEST_CASE("children: no more is on the way than the child's window, until it reports", "[swarm]") {
  Fixture f;
  f.server.publish(1'000, f.net.now);
  f.add(f.a, 0, 100 * kShardWireBytes);
  f.net.run_for(milliseconds(100));
  const std::size_t first = f.sequences(f.a).size();
  CHECK(first >= 96);  // whole lists
  CHECK(first <= 120);
  f.report(f.a, 50);
  f.net.run_for(milliseconds(100));
  CHECK(f.sequences(f.a).size() >= first + 48);
  CHECK(f.sequences(f.a).size() <= first + 50);
  f.report(f.a, 100'000);  // a lie is worth no more than the truth
  f.net.run_for(milliseconds(50));
  CHECK(f.sequences(f.a).size() <= 2 * first + 50);
}

TEST_CASE("children: what one was sent while it had few stripes is not on the way when it has most", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(0), 0);
  for (int i = 0; i < 20; ++i) {  // nobody with one stripe reports on each
    f.server.publish(40, f.net.now);
    f.net.run_for(milliseconds(20));
  }
  const std::uint64_t from = f.server.store.head();
  f.add_live(f.a, first_stripes(4), from);
  f.server.publish(40, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a).back() == from + 39);
}

TEST_CASE("children: a slow child does not slow another", "[swarm]") {
  Fixture f;
  f.server.publish(1'000, f.net.now);
  f.add(f.a, 0, 32 * kShardWireBytes);
  f.add(f.b, 0, 4'000 * kShardWireBytes);
  for (int i = 0; i < 40; ++i) {
    f.net.run_for(milliseconds(5));
    f.report(f.b, f.sequences(f.b).size());
  }
  CHECK(f.sequences(f.b) == range(0, 1'000));
  CHECK(f.sequences(f.a).size() < 100);
}

TEST_CASE("children: those that are alike share what the upload limit leaves them", "[swarm]") {
  Fixture f(200'000, 20'000);
  f.server.publish(2'000, f.net.now);
  f.net.run_for(seconds(6));
  f.add(f.a, 0, 4'000 * kShardWireBytes);
  f.add(f.b, 0, 4'000 * kShardWireBytes);
  for (int i = 0; i < 30; ++i) {
    f.report(f.a, f.sequences(f.a).size());
    f.report(f.b, f.sequences(f.b).size());
    f.net.run_for(milliseconds(100));
  }
  const auto sent_a = static_cast<double>(f.sequences(f.a).size());
  CHECK(sent_a == Approx(static_cast<double>(f.sequences(f.b).size())).epsilon(0.2));
}

TEST_CASE("children: a child that was left behind goes on from what is still here", "[swarm]") {
  Fixture f;
  f.add(f.a, 0, 32 * kShardWireBytes);
  for (int i = 0; i < 20; ++i) f.server.publish(1'000, f.net.now);
  const std::uint64_t tail = f.server.store.tail();
  REQUIRE(tail > 1'000);
  f.report(f.a, 32);
  f.net.run_for(milliseconds(50));
  REQUIRE_FALSE(f.sequences(f.a).empty());
  CHECK(f.sequences(f.a).back() >= tail);
}

TEST_CASE("children: each is sent its stripes only", "[swarm]") {
  Fixture f(0, 0, 3'000, {4, 0});
  f.add_live(f.a, bit(1), 0);
  f.add_live(f.b, bit(0) | bit(3), 0);
  f.server.publish(12, f.net.now);
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{1, 5, 9});
  CHECK(f.sequences(f.b) == std::vector<std::uint64_t>{0, 3, 4, 7, 8, 11});
  // What comes late goes to those whose stripe it is.
  f.a.frames.clear();
  f.b.frames.clear();
  const std::uint64_t late = 5;
  f.server.children.on_stored({&late, 1});
  f.net.run_for(milliseconds(20));
  CHECK(f.sequences(f.a) == std::vector<std::uint64_t>{5});
  CHECK(f.sequences(f.b).empty());
}
