// A viewer that talks to the link's hosts only.
#include <functional>

#include "tests/catch.h"
#include "tests/unit/swarm/node_host.h"

using namespace spate;
using namespace spate::node;
using namespace spate::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kRate = 250'000;  // bytes a second

swarm::JoinConfig relay_only_config() {
  swarm::JoinConfig config = join_config({1});
  config.relay_only = true;
  return config;
}

// Datagrams of the net between the third host and anybody but the first.
struct Watch {
  explicit Watch(Net& net) {
    net.fate = [this](const Address& from, const Address& to, Bytes) {
      sent += from == address_of(3) && to != address_of(1) ? 1u : 0u;
      received += to == address_of(3) && from != address_of(1) ? 1u : 0u;
      return true;
    };
  }
  std::size_t sent = 0;
  std::size_t received = 0;
};

}  // namespace

TEST_CASE("relay only: it plays what the link's host sends, and no other viewer hears of it", "[node]") {
  Net net;
  Watch watch(net);
  NodeHost publisher(1), other(2), hidden(3), late(4);
  for (NodeHost* host : {&publisher, &other, &hidden, &late}) net.add(*host);
  publisher.node.publish(publish_config(), net.now);
  Feed feed(publisher, kRate);
  feed.run(net, milliseconds(200));
  other.node.join(join_config({1}), net.now);
  hidden.node.join(relay_only_config(), net.now);
  feed.run(net, seconds(3));
  late.node.join(join_config({1}), net.now);
  feed.run(net, seconds(3));
  feed.end(net);
  net.run_for(seconds(8));
  for (const NodeHost* host : {&other, &hidden, &late}) {
    CHECK(host->stopped == StopReason::kEnded);
    CHECK(is_end_of(host->output, feed.all));
  }
  CHECK(hidden.node.stats(0, net.now).slots == 0);
  CHECK(watch.sent == 0);
  CHECK(watch.received == 0);
}

TEST_CASE("relay only: whatever its host tells it of others, it sends them nothing", "[node]") {
  Net net;
  ScriptedParent parent(1);
  ScriptedPeer stranger(2);
  NodeHost hidden(3);
  net.add(parent.peer);
  net.add(stranger);
  net.add(hidden);
  hidden.node.join(relay_only_config(), net.now);
  net.run_for(seconds(1));
  REQUIRE(parent.child != 0);
  Watch watch(net);
  const wire::PeerRecord record{*stranger.record, 40, 1'000, kStriping.mask()};
  wire::Peers peers;
  peers.peers.push_back(record);
  parent.peer.say(peers);
  parent.peer.say(wire::Displaced{swarm::bit(3), record});
  parent.peer.say(wire::Punch{stranger.address});
  parent.peer.say(wire::Rendezvous{stranger.keys.public_key});
  net.run_for(seconds(1));
  CHECK(watch.sent == 0);
  CHECK(hidden.node.stats(0, net.now).refused_addresses == 0);
}

TEST_CASE("relay only: who has come to know its address and key gets no answer", "[node]") {
  Net net;
  ScriptedParent parent(1);
  ScriptedPeer stranger(2);
  NodeHost hidden(3), probing(4);
  for (NetHost* host : {static_cast<NetHost*>(&parent.peer), static_cast<NetHost*>(&stranger),
                        static_cast<NetHost*>(&hidden), static_cast<NetHost*>(&probing)})
    net.add(*host);
  hidden.node.join(relay_only_config(), net.now);
  net.run_for(milliseconds(500));
  Watch watch(net);
  stranger.dial(3, net.now);
  probing.node.probe({address_of(3), session::probe_node_key_pair().public_key}, {}, net.now);
  net.run_for(seconds(2));
  CHECK(watch.received > 0);
  CHECK(watch.sent == 0);
  CHECK_FALSE(stranger.connected());
  CHECK_FALSE(probing.connected);
}
