// Where there is no UDP, from the start or from some moment on.
#include "libcore/swarm/fallback.h"

#include <algorithm>
#include <memory>

#include "libcore/session/handshake.h"
#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::node;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kRate = 250'000;  // bytes a second

swarm::JoinConfig with_tcp(swarm::JoinConfig config) {
  config.tcp = true;
  return config;
}

// A publisher, a viewer, and a third host, which may lose its UDP or all.
struct World {
  World() {
    for (NodeHost* host : {&publisher, &other, &viewer}) net.add(*host);
    net.fate = [this](const Address& from, const Address& to, Bytes bytes) {
      const bool its = from == viewer.address || to.over_udp() == viewer.address;
      if (its && to.is_tcp()) ++over_tcp;
      if (from == viewer.address && !to.is_tcp() && bytes[0] == session::kInitiationType) ++calls_over_udp;
      if (its && !to.is_tcp() && from != publisher.address && to != publisher.address) ++with_others;
      if (!to.is_tcp() && (from == without_udp || to == without_udp)) return false;
      return !its || (to.is_tcp() ? !cut : !cut && !udp_blocked);
    };
    net.each_step = [this] {
      if (viewer.output.size() != size) last_output = net.now;
      size = viewer.output.size();
      if (size > 0) longest_gap = std::max(longest_gap, net.now - last_output);
    };
    publisher.node.publish(publish_config(), net.now);
    feed.run(net, milliseconds(200));
    other.node.join(with_tcp(join_config({1})), net.now);
    feed.run(net, seconds(2));
  }
  void join() { viewer.node.join(with_tcp(join_config({1})), net.now); }
  void end() {
    feed.end(net);
    net.run_for(seconds(8));
    CHECK(viewer.stopped == StopReason::kEnded);
    CHECK(is_end_of(viewer.output, feed.all));
  }

  Net net;
  NodeHost publisher{1};
  NodeHost other{2};
  NodeHost viewer{3};
  Feed feed{publisher, kRate};
  bool udp_blocked = false;
  bool cut = false;
  Address without_udp;
  std::size_t over_tcp = 0;
  std::size_t calls_over_udp = 0;
  std::size_t with_others = 0;
  std::size_t size = 0;
  Instant last_output{};
  Duration longest_gap{};
};

}  // namespace

TEST_CASE("fallback: without UDP a viewer plays over TCP, serves nobody, and nobody hears of it", "[node]") {
  World world;
  world.udp_blocked = true;
  const Instant joins = world.net.now;
  world.join();
  world.feed.run(world.net, seconds(3));
  REQUIRE(world.viewer.first_output);
  CHECK(*world.viewer.first_output - joins < seconds(1));
  CHECK(world.viewer.node.stats(0, world.net.now).slots == 0);
  NodeHost late(4);
  world.net.add(late);
  late.node.join(with_tcp(join_config({1})), world.net.now);
  world.feed.run(world.net, seconds(3));
  world.end();
  CHECK(world.with_others == 0);
}

TEST_CASE("fallback: where UDP works TCP is not tried", "[node]") {
  World world;
  world.join();
  world.feed.run(world.net, seconds(5));
  world.end();
  CHECK(world.over_tcp == 0);
}

TEST_CASE("fallback: who is far away joins all the same, and stays on UDP", "[node]") {
  World world;
  world.net.delay = [&](const Address& from, const Address& to) {
    return from.over_udp() == world.viewer.address || to.over_udp() == world.viewer.address ? milliseconds(340)
                                                                                            : milliseconds(10);
  };
  world.join();
  world.feed.run(world.net, seconds(8));
  CHECK(world.viewer.first_output);
  CHECK(world.over_tcp == 0);
  world.end();
}

TEST_CASE("fallback: when UDP ends in the midst of the stream it goes on over TCP, and nothing is missed", "[node]") {
  World world;
  world.join();
  world.feed.run(world.net, seconds(5));
  CHECK(world.over_tcp == 0);
  CHECK(world.viewer.node.stats(0, world.net.now).slots > 0);
  world.longest_gap = {};
  world.udp_blocked = true;
  world.feed.run(world.net, seconds(5));
  CHECK(world.longest_gap < seconds(1));
  CHECK(world.viewer.node.stats(0, world.net.now).slots == 0);
  world.end();
  CHECK(world.viewer.node.stats(0, world.net.now).lost_packets == 0);
}

TEST_CASE("fallback: when UDP has only stalled the stream is over UDP again seconds later", "[node]") {
  World world;
  world.join();
  world.feed.run(world.net, seconds(5));
  world.udp_blocked = true;
  world.feed.run(world.net, milliseconds(1'200));
  world.udp_blocked = false;
  REQUIRE(world.over_tcp > 0);
  CHECK(world.viewer.node.stats(0, world.net.now).slots == 0);
  world.feed.run(world.net, swarm::Fallback::kUdpAgain + seconds(1));
  CHECK(world.viewer.node.stats(0, world.net.now).slots > 0);
  world.over_tcp = 0;
  world.feed.run(world.net, seconds(5));
  CHECK(world.over_tcp == 0);
  world.end();
  CHECK(world.viewer.node.stats(0, world.net.now).lost_packets == 0);
}

TEST_CASE("fallback: where UDP does not come back it is tried less and less often", "[node]") {
  World world;
  world.udp_blocked = true;
  world.join();
  world.feed.run(world.net, seconds(2));
  world.calls_over_udp = 0;
  world.feed.run(world.net, seconds(60));  // 2, 6, 14 and 30 s after it began, and 62
  CHECK(world.calls_over_udp >= 4);
  CHECK(world.calls_over_udp <= 5 * 5);
}

TEST_CASE("fallback: who has called over TCP does not hide that UDP has ended", "[node]") {
  World world;
  world.join();
  world.feed.run(world.net, seconds(2));
  NodeHost caller(4);
  world.without_udp = caller.address;
  world.net.add(caller);
  caller.node.join(with_tcp(join_config({3})), world.net.now);
  world.feed.run(world.net, seconds(3));
  REQUIRE(caller.first_output);
  world.longest_gap = {};
  world.udp_blocked = true;
  world.feed.run(world.net, seconds(5));
  CHECK(world.longest_gap < seconds(1));
}

TEST_CASE("fallback: when the line is cut, and whole again, the stream goes on over UDP", "[node]") {
  World world;
  world.join();
  world.feed.run(world.net, seconds(5));
  world.cut = true;
  world.feed.run(world.net, seconds(1));
  CHECK(world.over_tcp > 0);
  world.cut = false;
  world.feed.run(world.net, seconds(3));
  CHECK(world.viewer.node.stats(0, world.net.now).slots > 0);  // somebody reaches it
  world.end();
}
