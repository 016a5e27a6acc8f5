// What a liar says: its node's control messages, made untrue before they are sealed. Sizes stay as they are.
//
// It has every stripe and room for all, at once, and is the publisher; a hundred times as many would take from it as
// can; what exists does not, and what does not is behind it; of the peers that it names all that is true of itself.
// Where they are it cannot change (misnaming.h has what becomes of that).
#pragma once

#include <cstdint>

#include "libcore/base/bytes.h"
#include "libcore/sim/event_queue.h"
#include "libcore/wire/control.h"

namespace spate::sim {

class Lies {
 public:
  static constexpr std::uint16_t kSlots = UINT16_MAX;

  explicit Lies(HostId host) : host_(host) {}

  // A datagram's control messages.
  void falsify(MutableBytes text);
  // The stream is there, by its own account.
  void on_shard(std::uint32_t sequence_low);

 private:
  bool falsify_one(wire::Control& message);
  void invent(MutableBytes room);
  static void praise(wire::PeerRecord& told);
  Address address();
  // A function of the host and how many have been drawn.
  std::uint64_t draw();

  const HostId host_;
  std::uint64_t drawn_ = 0;
  std::uint64_t statuses_ = 0;
  wire::PeerRecord named_;    // last
  std::uint64_t newest_ = 0;  // sequence that it has heard of
};

}  // namespace spate::sim
