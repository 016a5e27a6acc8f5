// A net for tests of a member and its stripes: its parents send it a stream.
#pragma once

#include <vector>

#include "tests/unit/swarm/broadcast.h"

namespace spate::tests {

inline constexpr StripeMask kAll = swarm::first_stripes(kStriping.data + kStriping.parity);
inline constexpr StripeMask kEven = 0x5555555555555555 & kAll;

// One viewer, and parents that send it what it has from them of a stream.
struct StreamingWorld {
  explicit StreamingWorld(std::initializer_list<std::uint8_t> link, bool relay = false)
      : viewer(10, config(link, relay)) {
    net.add(viewer);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) {
      net.add(parent->peer);
      parent->info_frame = broadcast.info(net.now);
    }
  }
  static swarm::JoinConfig config(std::initializer_list<std::uint8_t> link, bool relay) {
    swarm::JoinConfig config = join_config(link);
    config.output = !relay;
    return config;
  }
  void run(Duration d) {
    for (const Instant end = net.now + d; net.now < end; net.run_for(std::chrono::milliseconds(4))) {
      broadcast.source->push(ByteVector(payload, 1), net.now);
      auto parity = made_parity();
      broadcast.source->handle_deadline(net.now);
      for (const stream::ParityId& id : made_parity()) parity.push_back(id);
      for (ScriptedParent* parent : {&p1, &p2, &p3})
        parent->peer.media_us = static_cast<std::uint64_t>(to_us(net.now - kStart));
      const std::uint64_t head = broadcast.store.head();
      for (; sent < head; ++sent)
        for (ScriptedParent* parent : {&p1, &p2, &p3})
          if (gives(*parent, kStriping.of(sent))) parent->peer.send_frame(broadcast.frame(sent));
      for (const stream::ParityId& id : parity) send_parity(id);
    }
  }
  std::vector<stream::ParityId> made_parity() const {
    const auto made = broadcast.source->made_parity();
    return {made.begin(), made.end()};
  }
  void send_parity(const stream::ParityId& id) {
    const stream::Block* const block = broadcast.store.blocks().find(id.first);
    for (ScriptedParent* parent : {&p1, &p2, &p3}) {
      if (parent->child == 0 || parent->mute) continue;
      parent->peer.send_frame(block->list.bytes());
      if (gives(*parent, kStriping.data + id.index)) parent->peer.send_frame(block->parity[id.index].bytes());
    }
  }
  bool gives(const ScriptedParent& parent, unsigned stripe) const {
    return !parent.mute && (parent.child & ~withheld & swarm::bit(stripe)) != 0;
  }
  static wire::PeerRecord record_of(const ScriptedParent& parent, StripeMask home = kAll) {
    return {*parent.peer.record, 40, 1'000, home};
  }
  StripeMask granted() const { return p1.child | p2.child | p3.child; }

  Net net;
  SwarmHost viewer;
  ScriptedParent p1{1};
  ScriptedParent p2{2};
  ScriptedParent p3{3};
  Broadcast broadcast{stream::kEpoch, std::nullopt, kStriping};
  std::uint64_t sent = 0;
  std::size_t payload = 100;  // of each push
  StripeMask withheld = 0;    // nobody sends it
};

}  // namespace spate::tests
