// A net for tests of a swarm from outside: a publisher, and two peers that say what the test wants.
#pragma once

#include "tests/catch.h"
#include "tests/unit/swarm/hosts.h"

namespace spate::tests {

struct PublisherWorld {
  explicit PublisherWorld(std::uint32_t children = 1) : host(1, with_room_for(children)) {
    net.add(host);
    for (ScriptedPeer* peer : {&a, &b}) {
      net.add(*peer);
      peer->dial(1, net.now);
    }
    net.run_for(std::chrono::milliseconds(100));
    REQUIRE(a.connected());
    REQUIRE(b.connected());
  }
  // For so many that have the whole stream from here.
  static swarm::PublishConfig with_room_for(std::uint32_t children) {
    swarm::PublishConfig config = publish_config();
    config.parity = 0;
    config.capacity_milli = children * 1'000;
    return config;
  }
  void feed(Duration d, ScriptedPeer* reporter = nullptr) {
    for (const Instant end = net.now + d; net.now < end; net.run_for(std::chrono::milliseconds(20))) {
      host.swarm->input_waited(std::chrono::milliseconds(20));
      host.swarm->input(ByteVector(2'000, 1), net.now);
      if (reporter != nullptr) reporter->say(wire::Report{0, 0, 0, 0, 70'000, 4, 3, reported});
    }
  }
  void ask(ScriptedPeer& peer, const wire::Control& message) {
    peer.say(message);
    net.run_for(std::chrono::milliseconds(20));
  }

  Net net;
  SwarmHost host;
  ScriptedPeer a{2};
  ScriptedPeer b{3};
  StripeMask reported = 0;  // what the reporter passes on
};

}  // namespace spate::tests
