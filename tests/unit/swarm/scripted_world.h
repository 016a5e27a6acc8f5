// A net for tests of a member: its parents say what the test wants, and send nothing of the stream.
#pragma once

#include "tests/unit/swarm/hosts.h"

namespace spate::tests {

inline constexpr std::uint8_t kSelf = 10;

// One viewer and parents that say what the test wants.
struct ScriptedWorld {
  explicit ScriptedWorld(std::initializer_list<std::uint8_t> link, const swarm::JoinConfig& base = join_config({}))
      : viewer(kSelf, with_hosts(base, link)) {
    net.add(viewer);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) net.add(parent->peer);
  }
  static swarm::JoinConfig with_hosts(swarm::JoinConfig config, std::initializer_list<std::uint8_t> link) {
    for (const std::uint8_t host : link) config.hosts.push_back(host_of(host));
    return config;
  }
  // Everybody who has the child says something, as a parent does that sends the stream.
  void run(Duration d) {
    for (const Instant end = net.now + d; net.now < end;) {
      for (ScriptedParent* parent : {&p1, &p2, &p3})
        if (parent->child != 0 && parent->peer.up && !parent->mute) parent->peer.say(wire::Head{0});
      net.run_for(std::chrono::milliseconds(20));
    }
  }
  static wire::PeerRecord record_of(const ScriptedParent& parent) {
    return {*parent.peer.record, 40, 1'000, kStriping.mask()};
  }
  bool has(const ScriptedParent& parent) const { return viewer.parent() == parent.peer.address; }

  Net net;
  SwarmHost viewer;
  ScriptedParent p1{1};
  ScriptedParent p2{2};
  ScriptedParent p3{3};
};

}  // namespace spate::tests
