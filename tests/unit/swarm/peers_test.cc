#include "libcore/swarm/peers.h"

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

using namespace spate;
using namespace spate::swarm;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Fixture {
  Fixture() {
    net.add(a);
    net.add(b);
    a.dial(2, net.now);
    net.run_for(seconds(1));
    REQUIRE(a.connected());
    b.answers_pings = false;
    peer = &peers.add(*a.session, net.now);
  }
  // What a ping sent now is called at the other side.
  std::uint32_t ping() {
    peers.ping(*peer, net.now);
    net.run_for(milliseconds(10));
    return b.last<wire::Ping>()->id;
  }

  Net net;
  ScriptedPeer a{1};
  ScriptedPeer b{2};
  Peers peers{a.endpoint, a.outbox};
  Peer* peer = nullptr;
};

}  // namespace

TEST_CASE("peers: a peer is found by session and by key, until it is removed", "[swarm]") {
  Fixture f;
  CHECK(f.peer->key == f.b.keys.public_key);
  CHECK(f.peer->short_id == wire::short_id(f.b.keys.public_key));
  CHECK(f.peers.find(*f.a.session) == f.peer);
  CHECK(f.peers.has_key(f.b.keys.public_key));
  CHECK(f.peers.find_key(f.b.keys.public_key) == f.peer);
  CHECK(f.peers.find_key(f.a.keys.public_key) == nullptr);
  f.peers.remove(*f.a.session);
  CHECK(f.peers.find(*f.a.session) == nullptr);
  CHECK_FALSE(f.peers.has_key(f.b.keys.public_key));
}

TEST_CASE("peers: a pong gives the round trip, less what it was held, and the publisher's clock", "[swarm]") {
  Fixture f;
  const Instant sent = f.net.now;
  const std::uint32_t id = f.ping();
  f.peers.on_pong(*f.peer, {id, 20'000, 5'000'000, 0}, sent + milliseconds(60));
  CHECK(f.peer->rtt.smoothed() == milliseconds(40));
  CHECK(f.peer->clock.media_us(sent + milliseconds(60)) == 5'020'000);
}

TEST_CASE("peers: a pong counts once, and only from whom was asked", "[swarm]") {
  Fixture f;
  const Instant sent = f.net.now;
  const std::uint32_t id = f.ping();
  Peer stranger;
  stranger.session = {99, 0};
  f.peers.on_pong(stranger, {id, 0, 1, 0}, sent + milliseconds(5));
  CHECK_FALSE(stranger.rtt.known());
  f.peers.on_pong(*f.peer, {id + 1, 0, 1, 0}, sent + milliseconds(5));
  f.peers.on_pong(*f.peer, {0, 0, 1, 0}, sent + milliseconds(5));
  CHECK_FALSE(f.peer->rtt.known());
  f.peers.on_pong(*f.peer, {id, 0, std::nullopt, 0}, sent + milliseconds(30));
  f.peers.on_pong(*f.peer, {id, 0, 7, 0}, sent + milliseconds(31));
  CHECK(f.peer->rtt.smoothed() == milliseconds(30));
  CHECK_FALSE(f.peer->clock.known());
}

TEST_CASE("peers: a pong that claims to have been held for longer than it was away is ignored", "[swarm]") {
  Fixture f;
  const Instant sent = f.net.now;
  const std::uint32_t id = f.ping();
  f.peers.on_pong(*f.peer, {id, 1'000'000, 9, 0}, sent + milliseconds(10));
  CHECK_FALSE(f.peer->rtt.known());
  CHECK_FALSE(f.peer->clock.known());
}

TEST_CASE("peers: of many pings on the way none is forgotten that may yet be answered", "[swarm]") {
  Fixture f;
  std::vector<std::uint32_t> ids;
  const Instant first = f.net.now;
  for (int i = 0; i < 100; ++i) ids.push_back(f.ping());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Instant sent = first + i * milliseconds(10);
    f.peers.on_pong(*f.peer, {ids[i], 0, std::nullopt, 0}, sent + milliseconds(1'000 - i));
    REQUIRE(f.peer->distance == milliseconds(1'000 - i));
  }
}

TEST_CASE("peers: an inquiry takes a ping along", "[swarm]") {
  Fixture f;
  f.b.heard.clear();
  const Instant asked = f.net.now;
  f.peers.inquire(*f.peer, bit(2) | bit(5), f.net.now);
  f.net.run_for(milliseconds(10));
  CHECK(f.b.all<wire::Inquiry>() == std::vector<wire::Inquiry>{{bit(2) | bit(5)}});
  CHECK(f.peer->inquired_at == asked);
  CHECK(f.b.all<wire::Ping>().size() == 1);
}

TEST_CASE("peers: a refusal holds for its stripes and its time", "[swarm]") {
  Peer peer;
  const Instant until = kStart + seconds(1);
  peer.refuse(bit(1) | bit(2), until);
  CHECK(peer.refuses(1, kStart));
  CHECK_FALSE(peer.refuses(3, kStart));
  CHECK_FALSE(peer.refuses(1, until));
  peer.refuse(bit(1) | bit(3), kStart + milliseconds(500));
  CHECK(peer.refuses(1, until - Duration(1)));  // a shorter one does not shorten the other
  CHECK(peer.refuses(3, kStart));
  CHECK_FALSE(peer.refuses(3, kStart + milliseconds(500)));  // nor does the other prolong it
}

TEST_CASE("peers: who says nothing for as long as an answer takes is mute, until it is heard", "[swarm]") {
  Fixture f;
  const Duration often = milliseconds(20);
  CHECK_FALSE(f.peers.mute(*f.peer, f.net.now));
  f.net.run_for(often);
  const Instant first = f.net.now;
  const Duration timeout = f.peer->rtt.timeout();
  while (f.net.now <= first + timeout) {  // the first ping counts, and not the last
    CHECK_FALSE(f.peers.mute(*f.peer, f.net.now));
    f.peers.ping(*f.peer, f.net.now);
    f.net.run_for(often);
  }
  CHECK(f.peers.mute(*f.peer, f.net.now));
  f.b.say(wire::Head{0});
  f.net.run_for(often);
  CHECK_FALSE(f.peers.mute(*f.peer, f.net.now));
}
