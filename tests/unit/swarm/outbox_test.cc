#include "libcore/swarm/outbox.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;

namespace {

// Two peers with a session; what the first one's outbox sends, the second hears.
struct Fixture {
  Fixture() {
    net.add(a);
    net.add(b);
    a.record.reset();
    b.record.reset();
    a.dial(2, net.now);
    net.run_for(std::chrono::seconds(1));
    REQUIRE(a.connected());
    REQUIRE(b.connected());
    net.fate = [this](const Address&, const Address&, Bytes bytes) {
      ++datagrams;
      largest = std::max(largest, bytes.size());
      return true;
    };
  }
  void run() { net.run_for(std::chrono::milliseconds(20)); }

  Net net;
  ScriptedPeer a{1};
  ScriptedPeer b{2};
  std::size_t datagrams = 0;
  std::size_t largest = 0;
};

}  // namespace

TEST_CASE("outbox: small messages to one peer share a datagram and arrive in order", "[swarm]") {
  Fixture f;
  for (std::uint64_t i = 0; i < 50; ++i) f.a.say(wire::Head{i});
  f.run();
  CHECK(f.datagrams == 1);
  REQUIRE(f.b.heard.size() == 50);
  for (std::uint64_t i = 0; i < 50; ++i) CHECK(f.b.heard[i] == wire::Control(wire::Head{i}));
}

TEST_CASE("outbox: no datagram is larger than 1,232 bytes", "[swarm]") {
  Fixture f;
  wire::Peers peers;
  while (!peers.peers.full()) peers.peers.push_back({});
  for (int i = 0; i < 5; ++i) {
    f.a.say(peers);
    f.a.say(wire::Inquiry{});
    f.a.say(wire::Ping{1, 700});
  }
  f.run();
  CHECK(f.b.heard.size() == 15);
  CHECK(f.largest <= 1'232);
}

TEST_CASE("outbox: a frame keeps its own datagram and its place", "[swarm]") {
  Fixture f;
  const ByteVector frame(100, 4);
  f.a.say(wire::Head{1});
  f.a.send_frame(frame);
  f.a.say(wire::Head{2});
  f.run();
  CHECK(f.datagrams == 3);
  CHECK(f.b.frames == std::vector<ByteVector>{frame});
  CHECK(f.b.heard.size() == 2);
}

TEST_CASE("outbox: what was said before a close is sent, what is said after it is not", "[swarm]") {
  Fixture f;
  f.a.say(wire::Bye{wire::ByeReason::kEnded});
  f.a.outbox.close(*f.a.session);
  f.a.say(wire::Head{1});
  f.run();
  CHECK(f.b.heard == std::vector<wire::Control>{wire::Bye{wire::ByeReason::kEnded}});
  CHECK_FALSE(f.a.connected());
}

TEST_CASE("outbox: beyond its bound it drops and does not grow", "[swarm]") {
  Fixture f;
  const ByteVector frame(10, 4);
  for (std::size_t i = 0; i < Outbox::kWaitingMax + 500; ++i) f.a.send_frame(frame);
  f.run();
  CHECK(f.b.frames.size() == Outbox::kWaitingMax);
  f.a.say(wire::Head{1});
  f.run();
  CHECK(f.b.heard.size() == 1);
}

TEST_CASE("outbox: messages to a peer that is gone harm nobody else's", "[swarm]") {
  Fixture f;
  const session::SessionId gone{77, 3};
  f.a.outbox.send(gone, wire::Head{1});
  f.a.say(wire::Head{2});
  f.run();
  CHECK(f.b.heard == std::vector<wire::Control>{wire::Head{2}});
}
